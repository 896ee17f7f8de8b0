package image

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a file system that is full before long.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, options))
	t.Cleanup(func() { must(t, unix.Unmount(dir, 0)) })
	return dir
}

func TestDiskFull(t *testing.T) {
	many := make([]item, 500)
	for i := range many {
		many[i] = file("f"+strings.Repeat("i", i%200)+string(rune('a'+i/200)), "x")
	}
	half := strings.Repeat("x", 600<<10)
	for what, c := range map[string]struct {
		options string
		items   []item
	}{
		"one file too big": {"size=1m", []item{file("a", strings.Repeat("x", 2<<20))}},
		"two files":        {"size=1m", []item{file("a", half), file("b", half)}},
		"no inodes left":   {"size=1m,nr_inodes=100", many},
	} {
		t.Run(what, func(t *testing.T) {
			s := NewStore(filepath.Join(smallDisk(t, c.options), "images"))
			_, err := s.Root(t.Context(), writeLayout(t, imageOf(t, tarOf(t, c.items...))))
			wantError(t, err, "free some space or inodes in "+s.dir)
			if !errors.Is(err, unix.ENOSPC) {
				t.Errorf("error is %v, want ENOSPC", err)
			}
			if list := stored(t, s); len(list) != 0 {
				t.Errorf("left %q", list)
			}
			rootOf(t, s, writeLayout(t, helloImage(t))) // there is space again
		})
	}
}

func TestDiskFullWhileUncompressing(t *testing.T) {
	path := gzipped(t, writeArchive(t, writeLayout(t, bigImage(t))))
	s := NewStore(filepath.Join(smallDisk(t, "size=1m"), "images"))
	_, err := s.Root(t.Context(), path)
	wantError(t, err, path, "free some space")
	if list := stored(t, s); len(list) != 0 {
		t.Errorf("left %q", list)
	}
}
