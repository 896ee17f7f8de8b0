package output

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

const (
	suffix     = ".log"
	maxBacklog = 64 << 20
)

// Store is the folder with the output of all functions.
type Store struct {
	dir     string
	keep    int64
	backlog int64 // most bytes that may wait to be told
	line    func(name, text string)
	log     *slog.Logger
	due     *dueSet
}

// NewStore makes dir (0700) if it is missing. Of each function, at least the
// last keep bytes are kept. Run calls line, from one goroutine; while it does
// not return nothing else is told.
func NewStore(dir string, keep int64, line func(name, text string), log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("output: make folder: %w", err)
	}
	return &Store{
		dir:     dir,
		keep:    keep,
		backlog: maxBacklog,
		line:    line,
		log:     log,
		due:     newDueSet(),
	}, nil
}

// Path is the file that the sandbox of a function is to append to, made (0600)
// if it is missing. A failure to make it is logged, and met again by whoever
// opens the file.
func (s *Store) Path(name string) string {
	path := s.path(name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		s.log.Error("cannot make output file", "function", name, "error", err)
		return path
	}
	f.Close()
	return path
}

// Flush makes Run tell what a function has printed without waiting for the end
// of its last line: its program has exited. It does not wait for that.
func (s *Store) Flush(name string) { s.due.add(name, true) }

// Remove removes the output of a function, told or not. What its sandbox, if
// there still is one, prints later is lost. It is no error if there is none.
func (s *Store) Remove(name string) error {
	if err := os.Remove(s.path(name)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("output: remove %s: %w", name, err)
	}
	return nil
}

func (s *Store) path(name string) string {
	return filepath.Join(s.dir, filepath.Base(name)+suffix)
}

// nameOf is the function that a file in the folder belongs to.
func nameOf(path string) (name string, ok bool) {
	return strings.CutSuffix(filepath.Base(path), suffix)
}
