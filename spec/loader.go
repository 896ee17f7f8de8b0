package spec

import (
	"os"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Load reads files, and of folders the *.hcl files in them and in their immediate sub-folders. Hidden
// files and folders are left out. All files together are one node. With no paths, or when nothing is
// found, that is a diagnostic too.
//
// The Config is never nil; if the diagnostics have errors, only its Dirs count. Diagnostics are sorted by
// file and line; those about a path that is no readable text have a range with line 0, those about the
// whole have none.
func Load(paths ...string) (*Config, hcl.Diagnostics, *Sources) {
	return Loader{LookupEnv: os.LookupEnv}.Load(paths...)
}

// Loader loads with an environment of the caller's choice.
type Loader struct {
	LookupEnv func(name string) (value string, set bool) // behind env() in expressions
}

// Load is the package's Load, with this environment.
func (l Loader) Load(paths ...string) (*Config, hcl.Diagnostics, *Sources) {
	found := find(paths)
	sources := &Sources{}
	diags := found.diags

	var files []file
	broken := false
	for _, path := range found.files {
		f, fileDiags := read(path, sources)
		diags = append(diags, fileDiags...)
		broken = broken || f.body == nil
		if f.body != nil {
			files = append(files, f)
		}
	}

	d := &decoder{scope: newScope(l.LookupEnv)}
	d.scope.incomplete = broken || found.diags.HasErrors()
	config := d.files(files)
	diags = tidy(append(diags, d.diags...))
	if diags.HasErrors() {
		config = &Config{}
	}
	config.Dirs = watchable(slices.Concat(found.dirs, d.scope.dirs))
	return config, diags, sources
}
