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

// Every step costs one for each directory above it, so images cannot be let ask
// for as many as they like.
const (
	maxDepth = 255
	maxSteps = 1000
)

var errTooDeep = fmt.Errorf("more than %d directories deep", maxDepth)

// resolve follows the symbolic links in name the way a process does that has
// root as its root directory: absolute ones start there, and ".." stops there.
// It starts from the directory at, which has no links in it; neither has the
// result. What does not exist is left as it is.
//
// os.Root alone would keep us inside, but refuses such links, and images are
// full of them.
func resolve(root *os.Root, at, name string) (string, error) {
	todo := strings.Split(name, "/")
	for range maxSteps {
		if len(todo) == 0 {
			return at, nil
		}
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, part)
		if tooDeep(next) {
			return "", errTooDeep
		}
		target, err := root.Readlink(next)
		if err != nil {
			if !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
				return "", err
			}
			at = next // not a link
			continue
		}
		if path.IsAbs(target) {
			at = "."
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return "", fmt.Errorf("resolve %.200q: %w", name, unix.ELOOP)
}

func tooDeep(name string) bool {
	return strings.Count(name, "/") >= maxDepth
}
