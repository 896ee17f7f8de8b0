package spec

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// finder looks for the files that a set of paths means.
type finder struct {
	files []string // each file once, in name order
	dirs  []string // folders whose changes can change the answer
	diags hcl.Diagnostics
	seen  map[string]bool // files, by their paths without links
}

func find(paths []string) *finder {
	f := &finder{seen: map[string]bool{}}
	for _, path := range paths {
		f.path(filepath.Clean(path))
	}
	if len(f.files) == 0 && len(f.diags) == 0 {
		f.nothing(paths)
	}
	slices.Sort(f.files)
	return f
}

// noFiles is the summary of the one diagnostic about folders in which there is nothing to read.
const noFiles = "No configuration files"

// NoFiles tells whether there was nothing to read, which on a new node is no mistake.
func NoFiles(diags hcl.Diagnostics) bool { return len(diags) == 1 && diags[0].Summary == noFiles }

func (f *finder) nothing(paths []string) {
	where := "No folder was given"
	if len(paths) > 0 {
		where = "There is no .hcl file in " + strings.Join(paths, ", ")
	}
	f.diags = append(f.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  noFiles,
		Detail:   where + `. Create one there, for example functions.hcl with a block: function "hello" { ... }.`,
	})
}

func (f *finder) path(path string) {
	f.watchAround(path)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		f.diags = append(f.diags, unreadable(path, err))
	case info.IsDir():
		f.folder(path, true)
	default:
		f.file(path, info)
	}
}

// watchAround adds the parent of a path that can come, go or change its meaning there.
func (f *finder) watchAround(path string) {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		f.dirs = append(f.dirs, filepath.Dir(path))
	}
}

// folder takes the .hcl files of a folder and, if deep, of the folders in it.
func (f *finder) folder(path string, deep bool) {
	f.dirs = append(f.dirs, path)
	entries, err := os.ReadDir(path)
	if err != nil {
		f.diags = append(f.diags, unreadable(path, err))
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			f.entry(filepath.Join(path, e.Name()), deep)
		}
	}
}

func (f *finder) entry(path string, deep bool) {
	named := filepath.Ext(path) == ".hcl"
	if !named && !deep {
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil && named:
		f.diags = append(f.diags, unreadable(path, err))
	case err != nil:
		// A dangling link with another name is none of our business.
	case named:
		f.file(path, info)
	case info.IsDir():
		f.folder(path, false)
	}
}

func (f *finder) file(path string, info fs.FileInfo) {
	if info.IsDir() {
		f.diags = append(f.diags, pathError(path, "Not a file",
			path+" is a folder, but its name ends in .hcl. Rename it, or put its text into a file."))
		return
	}
	if !info.Mode().IsRegular() {
		f.diags = append(f.diags, pathError(path, "Not a file",
			path+" is not a regular file ("+info.Mode().Type().String()+"). Put the text into a regular file."))
		return
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		f.diags = append(f.diags, unreadable(path, err))
		return
	}
	if abs, err := filepath.Abs(target); err == nil {
		target = abs
	}
	f.dirs = append(f.dirs, filepath.Dir(target))
	if !f.seen[target] {
		f.seen[target] = true
		f.files = append(f.files, path)
	}
}

// watchable makes folders absolute, sorted and unique, and leaves out those that are not there.
func watchable(dirs []string) []string {
	var out []string
	for _, dir := range dirs {
		abs, err := filepath.Abs(dir)
		if err != nil {
			continue
		}
		if info, err := os.Stat(abs); err == nil && info.IsDir() {
			out = append(out, abs)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
