package install

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// File is one that belongs to an installation. Its content is Text, or that of the
// file at From.
type File struct {
	Path string // without the root
	Mode fs.FileMode
	Text []byte
	From string
	// Example is for the administrator to read: it is left alone once it was
	// changed, and not put where there is a configuration already.
	Example bool
}

func (f File) open() (io.ReadCloser, error) {
	if f.From != "" {
		return os.Open(f.From)
	}
	return io.NopCloser(bytes.NewReader(f.Text)), nil
}

// content tells files apart.
type content struct {
	size int64
	sum  string // SHA-256, hexadecimal
}

func (f File) content() (content, error) {
	r, err := f.open()
	if err != nil {
		return content{}, err
	}
	defer r.Close()
	return measure(r)
}

func measure(r io.Reader) (content, error) {
	hash := sha256.New()
	n, err := io.Copy(hash, r)
	return content{n, hex.EncodeToString(hash.Sum(nil))}, err
}

var errNotRegular = errors.New("is not a regular file")

// contentOf is that of a file on disk; the error is fs.ErrNotExist where there is
// none, errNotRegular for a link, a folder and the like.
func contentOf(path string) (content, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return content{}, err
	}
	if !info.Mode().IsRegular() {
		return content{}, fmt.Errorf("%s %w", path, errNotRegular)
	}
	file, err := os.Open(path)
	if err != nil {
		return content{}, err
	}
	defer file.Close()
	return measure(file)
}
