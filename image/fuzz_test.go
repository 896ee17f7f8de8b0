package image

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLayer applies two layers of anything, and looks whether something changed
// outside, or whether what there is now can be looked at and removed.
func FuzzLayer(f *testing.F) {
	top := f.TempDir()
	sentinel := filepath.Join(top, "sentinel")
	must(f, os.MkdirAll(filepath.Join(sentinel, "etc"), 0o755))
	must(f, os.WriteFile(filepath.Join(sentinel, "etc/passwd"), []byte("safe"), 0o640))

	links := tarOf(f, symlink("out", sentinel), symlink("up", "../sentinel"), symlink("l", "/d"), dir("d"))
	f.Add(links, tarOf(f, file("out/etc/passwd", "evil"), file("up/.wh.etc", ""), file("l/.wh..wh..opq", "")))
	f.Add(links, tarOf(f, hardlink("a", "out/etc/passwd"), file("a", "evil"), dir("out"), file("up", "x")))
	f.Add(tarOf(f, file("../sentinel/x", "evil")), tarOf(f, hardlink("a", "../sentinel/etc/passwd")))
	f.Add(tarOf(f, file("a", "1"), dir("a"), file("a/b", "")), tarOf(f, file(".wh.a", ""), symlink(".", "x")))

	before := tree(f, sentinel)
	f.Fuzz(func(t *testing.T, lower, upper []byte) {
		inside := filepath.Join(top, "root")
		must(t, os.Mkdir(inside, 0o755))
		root, err := os.OpenRoot(inside)
		must(t, err)
		defer root.Close()
		u := newUnpacker(root, func() (int64, error) { return 1 << 20, nil })
		_ = errors.Join(u.layer(bytes.NewReader(lower)), u.layer(bytes.NewReader(upper)), u.finish())
		if after := tree(t, sentinel); after != before {
			t.Errorf("written outside: the sentinel was\n%sand is\n%s", before, after)
		}
		names, err := os.ReadDir(top)
		must(t, err)
		if len(names) != 2 {
			t.Errorf("written outside: %q", names)
		}
		tree(t, inside)
		must(t, os.RemoveAll(inside))
	})
}
