package install

import (
	_ "embed"
	"fmt"
	"path/filepath"

	"torpor/man"
	"torpor/systemd"
	"torpor/systemd/catalog"
)

//go:embed functions.hcl.example
var example []byte

// ExamplePath is where a first configuration is to be learned from.
const ExamplePath = ConfigDir + "/functions.hcl.example"

// Parts are what is not this package's to make.
type Parts struct {
	Binary         string            // the program to install, a path
	Completions    map[string][]byte // scripts, by shell
	SystemdVersion int               // that the units are for
}

// completionFiles are where shells look for scripts, below the prefix.
func completionFiles() map[string]string {
	return map[string]string{
		"bash": "share/bash-completion/completions/torpor",
		"zsh":  "share/zsh/site-functions/_torpor",
		"fish": "share/fish/vendor_completions.d/torpor.fish",
	}
}

// Files are all that belong to an installation.
func (l Layout) Files(p Parts) ([]File, error) {
	service, err := systemd.ServiceUnit(l.Binary(), p.SystemdVersion)
	if err != nil {
		return nil, err
	}
	slice, err := systemd.SliceUnit()
	if err != nil {
		return nil, err
	}
	files := []File{
		{Path: l.Binary(), Mode: 0o755, From: p.Binary},
		{Path: ExamplePath, Text: example, Example: true},
		{Path: l.unit(systemd.ServiceName), Text: service},
		{Path: l.unit(systemd.SliceName), Text: slice},
		{Path: l.under("lib/systemd/catalog/torpor.catalog"), Text: []byte(catalog.Text)},
	}
	for shell, path := range completionFiles() {
		script, found := p.Completions[shell]
		if !found {
			return nil, fmt.Errorf("install: no completion for %s", shell)
		}
		files = append(files, File{Path: l.under(path), Text: script})
	}
	for _, page := range man.Pages() {
		files = append(files, File{Path: l.under("share/man", "man"+page.Section, page.FileName()), Text: page.Text})
	}
	for i := range files {
		if files[i].Mode == 0 {
			files[i].Mode = 0o644
		}
	}
	return files, nil
}

func (l Layout) under(parts ...string) string {
	return filepath.Join(append([]string{l.Prefix}, parts...)...)
}
