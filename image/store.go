package image

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
)

// A Store keeps unpacked images in one directory.
type Store struct {
	dir      string
	locks    locks
	pointers sync.Mutex // over the files in refs
}

// NewStore returns the store in dir, which is made when it is first needed,
// for root alone: images may hold setuid programs.
func NewStore(dir string) *Store {
	return &Store{dir: dir}
}

// A Root is an unpacked image and what its configuration says of running it.
type Root struct {
	Path       string // the root directory, never to be written to
	Digest     string // of the image's configuration, as "sha256:…"
	Entrypoint []string
	Cmd        []string
	Env        []string // as "NAME=value"
	User       string   // for LookupUser
	WorkingDir string
	Warning    string // a sentence for the log, mostly empty
}

// Root returns the root directory of the image that ref names, unpacking it if
// that was not done before. A ref that starts with "/", "./" or "../" is a
// path, any other a registry reference.
//
// A tag is looked up each time. When its registry cannot be reached, the image
// that it named before is returned with a Warning.
func (s *Store) Root(ctx context.Context, ref string) (Root, error) {
	find := s.fromRegistry
	if isPath(ref) {
		find = s.fromPath
	}
	unlock, err := s.locks.lock(ctx, "ref "+ref)
	if err != nil {
		return Root{}, fmt.Errorf("image %q: %w", ref, err)
	}
	defer unlock()
	root, err := find(ctx, ref)
	if err != nil {
		return Root{}, fmt.Errorf("image %q: %w", ref, err)
	}
	return root, nil
}

func isPath(ref string) bool {
	return strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, "./") || strings.HasPrefix(ref, "../")
}

const partialPrefix = ".partial-"

// folder is where the image of a digest is kept once it is complete.
func (s *Store) folder(digest string) string {
	return filepath.Join(s.dir, folderName(digest))
}

// partial is where the image of a digest is made, and unmade.
func (s *Store) partial(digest string) string {
	return filepath.Join(s.dir, partialPrefix+folderName(digest))
}

func folderName(digest string) string {
	return strings.Replace(digest, ":", "-", 1)
}
