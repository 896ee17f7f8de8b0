package image

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLayers unpacks layers written down as lines, "kind name target", and
// looks whether anything changed outside, and whether what there is now can be
// looked at and removed. A line "-" starts the next layer.
func FuzzLayers(f *testing.F) {
	top := f.TempDir()
	sentinel := filepath.Join(top, "sentinel")
	must(f, os.MkdirAll(filepath.Join(sentinel, "etc"), 0o755))
	must(f, os.WriteFile(filepath.Join(sentinel, "etc/passwd"), []byte("safe"), 0o640))

	f.Add("2 out ../sentinel\n2 l /d\n5 d\n-\n0 out/etc/passwd\n0 out/.wh.etc\n0 l/.wh..wh..opq")
	f.Add("2 out OUT\n-\n1 a out/etc/passwd\n0 a\n5 out\n0 out/etc/passwd")
	f.Add("0 ../sentinel/x\n-\n1 a ../sentinel/etc/passwd\n-\n1 a OUT/etc/passwd")
	f.Add("0 a\n5 a\n0 a/b\n-\n0 .wh.a\n2 . OUT\n-\n0 a/.wh..\n0 a/.wh...")
	f.Add("5 a\n2 a/b ..\n2 a/c b/../../sentinel\n-\n5 a/b/c\n0 a/c/etc/passwd\n1 d a/c\n0 d/etc/passwd")

	before := tree(f, sentinel)
	f.Fuzz(func(t *testing.T, script string) {
		inside := filepath.Join(top, "root")
		must(t, os.Mkdir(inside, 0o755))
		root, err := os.OpenRoot(inside)
		must(t, err)
		defer root.Close()
		u := newUnpacker(root, func() (int64, error) { return 1 << 20, nil })
		for text := range strings.SplitSeq(strings.ReplaceAll(script, "OUT", sentinel), "\n-\n") {
			if u.layer(bytes.NewReader(tarFrom(text))) != nil {
				break
			}
		}
		_ = u.finish()
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

// tarFrom leaves out what tar itself cannot hold.
func tarFrom(text string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for line := range strings.Lines(text) {
		fields := append(strings.Fields(line), "", "", "")
		h := tar.Header{Name: fields[1], Linkname: fields[2], Mode: 0o755, ModTime: stamped}
		if fields[0] != "" {
			h.Typeflag = fields[0][0]
		}
		_ = w.WriteHeader(&h)
	}
	_ = w.Close()
	return b.Bytes()
}
