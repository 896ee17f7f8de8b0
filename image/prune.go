package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Prune removes every image but those with a digest in keep, and what killed
// processes left half made. Images that a Root call is working on right now
// stay. It does what it can and returns all that went wrong.
func (s *Store) Prune(keep []string) error {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prune images: %w", err)
	}
	var failed []error
	for _, entry := range entries {
		if err := s.pruneEntry(entry, keep); err != nil {
			failed = append(failed, fmt.Errorf("prune images: %w", err))
		}
	}
	if err := s.prunePointers(keep); err != nil {
		failed = append(failed, fmt.Errorf("prune images: %w", err))
	}
	return errors.Join(failed...)
}

func (s *Store) pruneEntry(entry fs.DirEntry, keep []string) error {
	name, partial := strings.CutPrefix(entry.Name(), partialPrefix)
	hex, isImage := strings.CutPrefix(name, "sha256-")
	if !isImage {
		if partial {
			return os.RemoveAll(filepath.Join(s.dir, entry.Name()))
		}
		return nil // not ours
	}
	digest := "sha256:" + hex
	if !partial && slices.Contains(keep, digest) {
		return nil
	}
	unlock, _ := s.locks.try(digest)
	if unlock == nil {
		return nil
	}
	defer unlock()
	if partial {
		return os.RemoveAll(s.partial(digest))
	}
	return s.remove(digest)
}

// prunePointers removes what leads to no image any more.
func (s *Store) prunePointers(keep []string) error {
	s.pointers.Lock()
	defer s.pointers.Unlock()
	dir := filepath.Join(s.dir, pointersName)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var failed []error
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if p, err := readPointer(path); err == nil && slices.Contains(keep, p.Digest) {
			continue
		}
		failed = append(failed, os.RemoveAll(path))
	}
	return errors.Join(failed...)
}
