package image

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

const (
	// An image archive holds a few files for each layer, a root file system
	// taken for one may hold millions.
	maxMembers = 1 << 16
	maxHops    = 8
)

// An archive gives access to the files in a tar by name.
type archive struct {
	file    *os.File
	members map[string]member
}

type member struct {
	offset, size int64
	link         string // another member, as old versions of docker wrote layers that occur twice
}

// plainTar returns file, or if that is gzip'ed what it uncompresses to, as a
// nameless file in the directory scratch. The caller closes it.
func plainTar(ctx context.Context, file *os.File, scratch string) (*os.File, error) {
	magic := make([]byte, 2)
	if _, err := file.ReadAt(magic, 0); err != nil {
		return nil, fmt.Errorf("not an image archive: %w", err)
	}
	if magic[0] != 0x1f || magic[1] != 0x8b {
		return file, nil
	}
	plain, err := os.CreateTemp(scratch, partialPrefix+"archive-")
	if err != nil {
		return nil, fmt.Errorf("uncompress the archive: %w", err)
	}
	if err := errors.Join(os.Remove(plain.Name()), gunzip(ctx, plain, file)); err != nil {
		plain.Close()
		return nil, fmt.Errorf("uncompress the archive: %w", err)
	}
	return plain, nil
}

func gunzip(ctx context.Context, plain, file *os.File) error {
	r, err := gzip.NewReader(bufio.NewReader(withContext(ctx, file)))
	if err != nil {
		return err
	}
	if _, err := io.Copy(plain, r); err != nil {
		return err
	}
	_, err = plain.Seek(0, io.SeekStart)
	return err
}

// openArchive reads the table of contents of file, which stays the caller's to
// close.
func openArchive(ctx context.Context, file *os.File) (*archive, error) {
	a := &archive{file: file, members: make(map[string]member)}
	r := tar.NewReader(file) // reads no further than it must, so the file's offset is where a member starts
	for len(a.members) < maxMembers {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, fmt.Errorf("not an image archive: %w", err)
		}
		offset, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
		a.add(h, offset)
	}
	return nil, errors.New("holds too many files for an image archive: " +
		"unpack it and use it as rootfs if it is a root file system")
}

func (a *archive) add(h *tar.Header, offset int64) {
	name := path.Clean(h.Name)
	switch h.Typeflag {
	case tar.TypeReg:
		a.members[name] = member{offset: offset, size: h.Size}
	case tar.TypeLink:
		a.members[name] = member{link: path.Clean(h.Linkname)}
	case tar.TypeSymlink:
		a.members[name] = member{link: path.Join(path.Dir(name), h.Linkname)}
	}
}

// open is an opener.
func (a *archive) open(name string) (io.ReadCloser, error) {
	name = path.Clean(name)
	for range maxHops {
		m, ok := a.members[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		if m.link == "" {
			return io.NopCloser(io.NewSectionReader(a.file, m.offset, m.size)), nil
		}
		name = m.link
	}
	return nil, fmt.Errorf("open %s: too many links", name)
}

func (a *archive) has(name string) bool {
	_, ok := a.members[name]
	return ok
}
