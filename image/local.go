package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

var errNotRegular = errors.New("neither a file nor a directory")

// fromPath returns the root of an image in a file or a directory.
func (s *Store) fromPath(ctx context.Context, ref string) (Root, error) {
	path, err := filepath.Abs(ref)
	if err != nil {
		return Root{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Root{}, err
	}
	if info.IsDir() {
		return s.fromLayout(ctx, path)
	}
	return s.fromArchive(ctx, path)
}

func (s *Store) fromLayout(ctx context.Context, dir string) (Root, error) {
	if _, err := os.Stat(filepath.Join(dir, indexName)); err != nil {
		return Root{}, fmt.Errorf("not an OCI layout: use it as rootfs if it is a root directory: %w", err)
	}
	src, err := layoutSource(func(name string) (io.ReadCloser, error) {
		f, err := openRegular(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		return f, nil
	})
	if err != nil {
		return Root{}, err
	}
	return s.unpackOnce(ctx, src)
}

// fromArchive does not read an archive again that looks as it did last time.
func (s *Store) fromArchive(ctx context.Context, path string) (Root, error) {
	file, err := openRegular(path)
	if err != nil {
		return Root{}, err
	}
	defer file.Close()
	stamp, err := stampOf(file)
	if err != nil {
		return Root{}, err
	}
	if root, found := s.recall(path, stamp); found {
		return root, nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return Root{}, err
	}
	plain, err := plainTar(ctx, file, s.dir)
	if err != nil {
		return Root{}, s.explain(err)
	}
	defer plain.Close() // closing file twice does no harm
	archive, err := openArchive(ctx, plain)
	if err != nil {
		return Root{}, err
	}
	src, err := archive.source()
	if err != nil {
		return Root{}, err
	}
	root, err := s.unpackOnce(ctx, src)
	if err != nil {
		return Root{}, err
	}
	return root, s.remember(path, stamp, root.Digest)
}

// source prefers the OCI layout: recent versions of docker write both.
func (a *archive) source() (source, error) {
	switch {
	case a.has(indexName):
		return layoutSource(a.open)
	case a.has(dockerManifestName):
		return dockerSource(a.open)
	default:
		return source{}, fmt.Errorf("holds neither %s nor %s, so it is no image archive: "+
			"unpack it and use it as rootfs if it is a root file system", indexName, dockerManifestName)
	}
}

// openRegular does not wait for the other end of a FIFO.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// stampOf tells one state of a file from another without reading it.
func stampOf(f *os.File) (string, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return "", fmt.Errorf("stat %s: %w", f.Name(), err)
	}
	return fmt.Sprintf("%d:%d:%d:%d.%d:%d.%d",
		st.Dev, st.Ino, st.Size, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec), nil
}
