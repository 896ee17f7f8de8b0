package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	formatVersion = 1
	rootName      = "rootfs"
	recordName    = "image.json"
)

// A record is what is kept next to the root directory.
type record struct {
	Version    int      `json:"version"`
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	Env        []string `json:"env,omitempty"`
	User       string   `json:"user,omitempty"`
	WorkingDir string   `json:"working_dir,omitempty"`
}

// load finds the image of a digest. One that is damaged, or was made by another
// version, counts as not there.
func (s *Store) load(digest string) (root Root, found bool, err error) {
	data, err := os.ReadFile(filepath.Join(s.folder(digest), recordName))
	if errors.Is(err, fs.ErrNotExist) {
		return Root{}, false, nil
	}
	if err != nil {
		return Root{}, false, fmt.Errorf("read the unpacked image: %w", err)
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil || r.Version != formatVersion {
		return Root{}, false, nil
	}
	path := filepath.Join(s.folder(digest), rootName)
	if info, err := os.Lstat(path); err != nil || !info.IsDir() {
		return Root{}, false, nil
	}
	return Root{
		Path:       path,
		Digest:     digest,
		Entrypoint: r.Entrypoint,
		Cmd:        r.Cmd,
		Env:        r.Env,
		User:       r.User,
		WorkingDir: r.WorkingDir,
	}, true, nil
}

// unpackOnce returns the root of src, and makes it if it is not there.
func (s *Store) unpackOnce(ctx context.Context, src source) (Root, error) {
	unlock, err := s.locks.lock(ctx, src.digest)
	if err != nil {
		return Root{}, err
	}
	defer unlock()
	if root, found, err := s.load(src.digest); found || err != nil {
		return root, err
	}
	if err := s.build(ctx, src); err != nil {
		return Root{}, err
	}
	root, found, err := s.load(src.digest)
	if err == nil && !found {
		err = errors.New("the unpacked image vanished: is another process using this store?")
	}
	return root, err
}

// build makes the folder of src. The caller holds the digest's lock.
func (s *Store) build(ctx context.Context, src source) (err error) {
	if err := s.remove(src.digest); err != nil {
		return fmt.Errorf("remove leftovers: %w", err)
	}
	partial := s.partial(src.digest)
	defer func() {
		if err != nil {
			err = errors.Join(s.explain(err), os.RemoveAll(partial))
		}
	}()
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if err := unpack(ctx, filepath.Join(partial, rootName), src.layers); err != nil {
		return err
	}
	if err := writeRecord(filepath.Join(partial, recordName), src); err != nil {
		return fmt.Errorf("write the image's configuration: %w", err)
	}
	// One sync of the file system costs less than one for each of its files.
	if err := syncDir(partial, unix.Syncfs); err != nil {
		return err
	}
	if err := os.Rename(partial, s.folder(src.digest)); err != nil {
		return fmt.Errorf("keep the unpacked image: %w", err)
	}
	return syncDir(s.dir, unix.Fsync)
}

func writeRecord(path string, src source) error {
	data, err := json.MarshalIndent(record{
		Version:    formatVersion,
		Entrypoint: src.config.Entrypoint,
		Cmd:        src.config.Cmd,
		Env:        src.config.Env,
		User:       src.config.User,
		WorkingDir: src.config.WorkingDir,
	}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o600)
}

// remove takes away the image of a digest, complete or not. It first loses its
// name, so that being killed in the middle leaves nothing that looks complete.
func (s *Store) remove(digest string) error {
	partial := s.partial(digest)
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	err := os.Rename(s.folder(digest), partial)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(partial)
}

// explain adds what to do when the disk is full.
func (s *Store) explain(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("%w: free some space or inodes in %s; what was unpacked is removed again", err, s.dir)
	}
	return err
}

func syncDir(path string, sync func(fd int) error) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	defer dir.Close()
	if err := sync(int(dir.Fd())); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}
