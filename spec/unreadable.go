package spec

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/hashicorp/hcl/v2"
)

// unreadable says why a path could not be opened or read.
func unreadable(path string, err error) *hcl.Diagnostic {
	switch {
	case errors.Is(err, syscall.ELOOP):
		return pathError(path, "Symlink loop",
			path+" is a symbolic link that leads back to itself. Point it to the file that it should stand for.")
	case errors.Is(err, fs.ErrNotExist) && isLink(path):
		return pathError(path, "Dangling symlink",
			path+" is a symbolic link to something that does not exist. Point it to a file, or remove it.")
	case errors.Is(err, fs.ErrNotExist):
		return pathError(path, "No such file or folder",
			path+" does not exist. Create it, or give the path of a folder with .hcl files.")
	case errors.Is(err, fs.ErrPermission):
		return pathError(path, "Unreadable",
			path+" may not be read by this user. Change its mode or owner.")
	}
	return pathError(path, "Unreadable", path+" cannot be read: "+cause(err)+".")
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// cause is the system's own words, without operation and path, which the message has already.
func cause(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}
