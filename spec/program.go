package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxLinks is how many symbolic links Linux follows in one path.
const maxLinks = 40

var (
	errMounted  = errors.New("in a mount")
	errTooDeep  = errors.New("its symbolic links lead in a circle")
	errNoParent = errors.New("a part of its path is not a folder")
)

// findProgram looks for a program as the sandbox will see it. It leaves what is in a mount alone.
func findProgram(root, program string, mounts []Mount) error {
	resolved, info, err := resolve(root, program, mounts)
	switch {
	case errors.Is(err, errMounted):
		return nil
	case errors.Is(err, fs.ErrNotExist) && resolved != path.Clean(program):
		return fmt.Errorf("%s leads to %s, which does not exist in the rootfs %s: put it there, or correct the path", program, resolved, root)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist in the rootfs %s: put it there, or correct the path", program, root)
	case err != nil:
		return fmt.Errorf("%s cannot be run from the rootfs %s: %s", program, root, cause(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s in the rootfs %s is not a file: name the program itself", program, root)
	case info.Mode()&0o111 == 0:
		return fmt.Errorf("%s in the rootfs %s is not executable: change its mode with chmod +x", program, root)
	}
	return nil
}

// resolve follows a path the way a process with this root does: links that are absolute or climb too far
// stay inside. It gives the path, below root, that it came to.
func resolve(root, name string, mounts []Mount) (string, fs.FileInfo, error) {
	at, rest, links := "/", name, 0
	var info fs.FileInfo
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		next := path.Join(at, part)
		if mounted(next, mounts) {
			return next, nil, errMounted
		}
		var err error
		if info, err = os.Lstat(filepath.Join(root, next)); err != nil {
			missing := path.Join(next, rest)
			if mounted(missing, mounts) { // mount points need not be there
				err = errMounted
			}
			return missing, nil, err
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if links++; links > maxLinks {
				return next, nil, errTooDeep
			}
			target, err := os.Readlink(filepath.Join(root, next))
			if err != nil {
				return next, nil, err
			}
			if path.IsAbs(target) {
				at = "/"
			}
			rest = target + "/" + rest
		case !info.IsDir() && rest != "":
			return next, nil, errNoParent
		default:
			at = next
		}
	}
	return at, info, nil
}
