package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// root decodes what the sandbox's file system is made of, and looks for the program in it.
func (b body) root(f *Function) {
	if b.path("rootfs", &f.Rootfs, "/srv/app") {
		b.checkRootfs(f)
	}
	parsed(b, "image", &f.Image, "./app.tar", func(s string) (string, error) { return parseImage(s, b.dir) })
	b.exactlyOne("rootfs", "image", `rootfs = "/srv/app", which is a folder, or image = "./app.tar"`)
	if b.names["rootfs"] && !b.names["command"] {
		b.errorf(b.at, "Missing command", "A function with a rootfs needs the program to run: write command = [\"/usr/bin/program\"].")
	}
}

// exactlyOne is about two attributes of which one has to be there.
func (b body) exactlyOne(one, other, example string) {
	switch {
	case b.names[one] && b.names[other]:
		b.errorf(b.rangeOf(other), "Both "+one+" and "+other, "%s and %s exclude each other: remove one.", one, other)
	case !b.names[one] && !b.names[other]:
		b.errorf(b.at, "Missing "+one+" or "+other, "One of the two has to be there: write %s.", example)
	}
}

func (b body) checkRootfs(f *Function) {
	info, err := os.Stat(f.Rootfs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.errorf(b.rangeOf("rootfs"), "Missing rootfs", "The folder %s does not exist. Create it, or correct the path.", f.Rootfs)
	case err != nil:
		b.errorf(b.rangeOf("rootfs"), "Unusable rootfs", "%s cannot be used: %s.", f.Rootfs, cause(err))
	case !info.IsDir():
		b.errorf(b.rangeOf("rootfs"), "Unusable rootfs", "%s is not a folder. Unpack it into one, or use image for an archive.", f.Rootfs)
	case len(f.Command) > 0 && path.IsAbs(f.Command[0]):
		if err := findProgram(f.Rootfs, f.Command[0], f.Mounts); err != nil {
			b.errorf(b.rangeOf("command"), "Missing program", "%s", sentence(err))
		}
	}
}

// parseImage reads a path, which has to exist, or a reference to a registry.
func parseImage(s, dir string) (string, error) {
	if s == "." || s == ".." || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") {
		file := absolute(dir, s)
		if _, err := os.Stat(file); err != nil {
			return "", fmt.Errorf("%s cannot be read (%s): create it, or correct the path", file, cause(err))
		}
		return file, nil
	}
	if _, err := name.ParseReference(s); err != nil {
		return "", fmt.Errorf("%q is not an image: write a path with a leading \"/\" or \"./\", or a reference such as \"registry.example/app:1\"", s)
	}
	return s, nil
}
