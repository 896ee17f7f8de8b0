package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// manifest is what an installation has put where, on disk as JSON.
type manifest struct {
	Version int      `json:"version"` // of this format
	Files   []entry  `json:"files"`   // by path
	Dirs    []string `json:"dirs"`    // that were made for them, outermost first
}

type entry struct {
	Path string `json:"path"`
	Sum  string `json:"sha256"`
	// Was is what it still is where an installation was cut off.
	Was string `json:"was,omitempty"`
}

const manifestVersion = 1

// load reads the manifest; there being none is an empty one and false.
func (l Layout) load() (m manifest, found bool, err error) {
	data, err := os.ReadFile(l.On(l.Manifest()))
	if errors.Is(err, fs.ErrNotExist) {
		return manifest{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err == nil && m.Version > manifestVersion {
		err = fmt.Errorf("a later version of torpor wrote it: use that one")
	}
	if err != nil {
		return m, false, fmt.Errorf("install: the list of what is installed, %s: %w", l.On(l.Manifest()), err)
	}
	return m, true, nil
}

func (l Layout) save(m manifest) error {
	m.Version = manifestVersion
	slices.SortFunc(m.Files, func(a, b entry) int { return compare(a.Path, b.Path) })
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("install: %w", err)
	}
	f := File{Path: l.Manifest(), Mode: 0o644, Text: append(data, '\n')}
	staged, err := l.stage(f)
	if err != nil {
		return err
	}
	return staged.commit()
}

// find is what a file was when it was installed; empty if it was not.
func (m manifest) find(path string) entry {
	i := slices.IndexFunc(m.Files, func(e entry) bool { return e.Path == path })
	if i < 0 {
		return entry{Path: path}
	}
	return m.Files[i]
}

// holds tells whether a file with this content is as it was installed.
func (e entry) holds(sum string) bool { return sum != "" && (sum == e.Sum || sum == e.Was) }

// settled is the manifest once everything is in place.
func (m manifest) settled() manifest {
	m.Files = slices.Clone(m.Files)
	for i := range m.Files {
		m.Files[i].Was = ""
	}
	return m
}
