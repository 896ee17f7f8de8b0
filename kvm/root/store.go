package root

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Store keeps images in one directory.
type Store struct {
	dir   string
	maker chan struct{} // holds a value while somebody makes or removes
}

// NewStore returns the store in dir, which is made when it is first needed, for root
// alone: roots may hold secrets and setuid programs.
func NewStore(dir string) *Store {
	return &Store{dir: dir, maker: make(chan struct{}, 1)}
}

// A Disk is an image, open for reading.
type Disk struct {
	*os.File
	// Key names what is in it, for Prune.
	Key string
}

const (
	// format is part of all names: what another version made is not taken.
	format        = "1-"
	suffix        = ".ext4"
	partialPrefix = ".partial-"
)

// attempts is how often an image is begun of a directory that changes meanwhile.
const attempts = 3

// Open returns the disk of the root directory dir, and makes it if that was not done
// before. digest names what is in dir and never changes there; if it is empty, the
// directory is looked through each time, about 10 ms for 1000 files. The disk stays as it is until
// it is closed, even if it is pruned.
func (s *Store) Open(ctx context.Context, dir, digest string) (Disk, error) {
	for range attempts {
		d, err := s.open(ctx, dir, digest)
		if errors.Is(err, errChanged) {
			continue
		}
		if err != nil {
			return d, fmt.Errorf("root: disk of %s: %w", dir, err)
		}
		return d, nil
	}
	return Disk{}, fmt.Errorf("root: %s changes all the time: no disk can be made of it until that ends", dir)
}

var errChanged = errors.New("changed while it was copied")

func (s *Store) open(ctx context.Context, dir, digest string) (Disk, error) {
	key, err := keyOf(ctx, dir, digest)
	if err != nil {
		return Disk{}, err
	}
	if d, err := s.kept(key); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return Disk{}, err
	}
	defer unlock()
	if d, err := s.kept(key); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return d, err // somebody made it while this waited
	}
	if err := s.make(ctx, dir, digest, key); err != nil {
		return Disk{}, err
	}
	return s.kept(key)
}

// keyOf returns the name of what is in dir.
func keyOf(ctx context.Context, dir, digest string) (string, error) {
	if digest != "" {
		name := strings.ReplaceAll(digest, ":", "-")
		if strings.ContainsAny(name, "/\x00") {
			return "", fmt.Errorf("%q is no digest", digest)
		}
		return format + name, nil
	}
	sum, err := fingerprint(ctx, dir)
	return format + "dir-" + sum, err
}

func (s *Store) kept(key string) (Disk, error) {
	f, err := os.Open(s.path(key))
	if err != nil {
		return Disk{}, err
	}
	// For people who look which ones are used.
	_ = os.Chtimes(f.Name(), time.Now(), time.Time{})
	return Disk{File: f, Key: key}, nil
}

func (s *Store) path(key string) string    { return filepath.Join(s.dir, key+suffix) }
func (s *Store) partial(key string) string { return filepath.Join(s.dir, partialPrefix+key+suffix) }

func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case s.maker <- struct{}{}:
		return func() { <-s.maker }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// make makes the image and gives it its name.
func (s *Store) make(ctx context.Context, dir, digest, key string) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	partial := s.partial(key)
	err := errors.Join(makeImage(ctx, dir, partial), unchanged(ctx, dir, digest, key))
	if err == nil {
		err = publish(partial, s.path(key))
	}
	if err != nil {
		_ = os.Remove(partial)
	}
	return err
}

func unchanged(ctx context.Context, dir, digest, key string) error {
	if now, err := keyOf(ctx, dir, digest); err != nil || now == key {
		return err
	}
	return errChanged
}

// publish writes a file to disk and renames it.
func publish(partial, path string) error {
	if err := syncFile(partial); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Prune removes all images but those with a Key in keep, and what was left half made by a
// process that was killed. While an image is being made it removes nothing half made. It does
// what it can and returns all that went wrong.
func (s *Store) Prune(keep []string) error {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("root: removing unused disks: %w", err)
	}
	idle := false
	select {
	case s.maker <- struct{}{}:
		idle = true
		defer func() { <-s.maker }()
	default:
	}
	var failed []error
	for _, e := range entries {
		key, isImage := strings.CutSuffix(e.Name(), suffix)
		if !isImage || slices.Contains(keep, key) || strings.HasPrefix(key, partialPrefix) && !idle {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, fmt.Errorf("root: removing an unused disk: %w", err))
		}
	}
	return errors.Join(failed...)
}
