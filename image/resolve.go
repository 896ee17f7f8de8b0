package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	maxLinks = 40   // as in the kernel
	maxPath  = 4095 // longer ones are of no use to programs
)

// resolve follows the symbolic links in name the way a process does that has
// root as its root directory: absolute ones start there, and ".." stops there.
// The result has no links in it; what does not exist is left as it is.
//
// os.Root alone would keep us inside, but refuses such links, and images are
// full of them.
func resolve(root *os.Root, name string) (string, error) {
	done, todo, links := ".", strings.Split(name, "/"), 0
	for len(todo) > 0 {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			done = path.Dir(done)
			continue
		}
		next := path.Join(done, part)
		if len(next) > maxPath {
			return "", fmt.Errorf("resolve a path: %w", unix.ENAMETOOLONG)
		}
		target, err := root.Readlink(next)
		if err != nil {
			if !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
				return "", err
			}
			done = next // not a link
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("resolve %s: %w", name, unix.ELOOP)
		}
		if path.IsAbs(target) {
			done = "."
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return done, nil
}
