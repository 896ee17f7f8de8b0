package image

import (
	"archive/tar"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// A yard is a store next to a tree that nothing may change.
type yard struct {
	store    *Store
	sentinel string
	before   string
}

func newYard(t *testing.T) *yard {
	top := t.TempDir()
	y := &yard{store: NewStore(filepath.Join(top, "images")), sentinel: filepath.Join(top, "sentinel")}
	must(t, os.MkdirAll(filepath.Join(y.sentinel, "etc"), 0o755))
	must(t, os.WriteFile(filepath.Join(y.sentinel, "etc/passwd"), []byte("safe"), 0o640))
	y.before = tree(t, y.sentinel)
	return y
}

// unpack unpacks an image, and checks that the sentinel is as it was and that a
// failure left nothing.
func (y *yard) unpack(t *testing.T, layers ...[]byte) (Root, error) {
	t.Helper()
	root, err := y.store.Root(t.Context(), writeLayout(t, imageOf(t, layers...)))
	if after := tree(t, y.sentinel); after != y.before {
		t.Errorf("written outside: the sentinel was\n%sand is\n%s", y.before, after)
	}
	if err != nil {
		if list := stored(t, y.store); len(list) != 0 {
			t.Errorf("a failure left %q", list)
		}
	}
	return root, err
}

func TestAbsoluteNameStaysInside(t *testing.T) {
	y := newYard(t)
	name := filepath.Join(y.sentinel, "etc/passwd")
	root, err := y.unpack(t, tarOf(t, file(name, "evil")))
	must(t, err)
	if got := content(t, root.Path, name); got != "evil" {
		t.Errorf("%s in the root holds %q", name, got)
	}
}

func TestDotDotNameIsRefused(t *testing.T) {
	for _, name := range []string{"../sentinel/x", "a/../../x", "..", "/../x"} {
		_, err := newYard(t).unpack(t, tarOf(t, file(name, "evil")))
		wantError(t, err, name, errLeavesRoot.Error())
	}
}

func TestWriteThroughLinkOutStaysInside(t *testing.T) {
	y := newYard(t)
	for what, target := range map[string]string{
		"absolute": y.sentinel,
		"relative": "../../../sentinel",
		"deep":     strings.Repeat("../", 50) + y.sentinel,
	} {
		t.Run(what, func(t *testing.T) {
			root, err := y.unpack(t,
				tarOf(t, symlink("out", target)),
				tarOf(t, file("out/etc/passwd", "evil "+what), file("out/.wh.etc", "")))
			must(t, err)
			inside := filepath.Join("/", target, "etc/passwd")
			if got := content(t, root.Path, inside); got != "evil "+what {
				t.Errorf("%s in the root holds %q", inside, got)
			}
		})
	}
}

func TestWhiteoutThroughLinkOutStaysInside(t *testing.T) {
	y := newYard(t)
	_, err := y.unpack(t,
		tarOf(t, symlink("out", y.sentinel)),
		tarOf(t, file("out/.wh.etc", ""), file("out/.wh..wh..opq", "")))
	must(t, err)
}

func TestWhiteoutOfDotsIsRefused(t *testing.T) {
	for _, name := range []string{"a/.wh.", "a/.wh..", "a/.wh..."} {
		_, err := newYard(t).unpack(t, tarOf(t, file("a/b", "")), tarOf(t, file(name, "")))
		wantError(t, err, "whiteout of nothing")
	}
}

func TestChangingWhatALinkOutLeadsTo(t *testing.T) {
	y := newYard(t)
	out := filepath.Join(y.sentinel, "etc/passwd")
	exec := file("a", "evil")
	exec.Mode = 0o777
	open := dir("d")
	open.Mode, open.Uid = 0o777, 99
	_, err := y.unpack(t,
		tarOf(t, symlink("a", out), symlink("d", y.sentinel)),
		tarOf(t, exec, open))
	must(t, err)
}

func TestHardLinkOut(t *testing.T) {
	y := newYard(t)
	out := filepath.Join(y.sentinel, "etc/passwd")
	_, err := y.unpack(t, tarOf(t, hardlink("a", "../../../sentinel/etc/passwd")))
	wantError(t, err, `"a"`, errLeavesRoot.Error())
	_, err = y.unpack(t, tarOf(t, hardlink("a", out), file("a", "evil")))
	wantError(t, err, `"a"`, "no such file")
	_, err = y.unpack(t, tarOf(t, symlink("out", y.sentinel), hardlink("a", "out/etc/passwd")))
	wantError(t, err, `"a"`, "no such file")
}

// A hard link to a symbolic link is one more name of the link itself.
func TestHardLinkToLinkOut(t *testing.T) {
	y := newYard(t)
	out := filepath.Join(y.sentinel, "etc/passwd")
	root, err := y.unpack(t, tarOf(t, symlink("l", out), hardlink("a", "l"), file("a", "evil")))
	must(t, err)
	if got := content(t, root.Path, "a"); got != "evil" {
		t.Errorf("a holds %q", got)
	}
}

func TestDevicesAreSkipped(t *testing.T) {
	device := func(name string, kind byte) item {
		return item{tar.Header{Name: name, Typeflag: kind, Mode: 0o666, Devmajor: 8, Devminor: 0}, ""}
	}
	root, err := newYard(t).unpack(t, tarOf(t,
		device("sda", tar.TypeBlock), device("tty", tar.TypeChar), device("fifo", tar.TypeFifo), file("kept", "")))
	must(t, err)
	if got, want := tree(t, root.Path), ". drwxr-xr-x 0:0\nkept -rw-r--r-- 0:0 \"\"\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestRootIsNotReplaced(t *testing.T) {
	for _, it := range []item{symlink("./", "/etc"), file(".", "x"), hardlink("/", "a")} {
		_, err := newYard(t).unpack(t, tarOf(t, file("a", ""), it))
		wantError(t, err, "the root is a directory")
	}
}

func TestLinkLoopIsRefused(t *testing.T) {
	_, err := newYard(t).unpack(t, tarOf(t, symlink("a", "b"), symlink("b", "a"), file("a/f", "")))
	wantError(t, err, "too many levels of symbolic links")
}

func TestFileAsDirectoryIsRefused(t *testing.T) {
	_, err := newYard(t).unpack(t, tarOf(t, file("a", ""), file("a/b", "")))
	wantError(t, err, `"a/b"`, "not a directory")
}

func TestDirectoryAsHardLinkIsRefused(t *testing.T) {
	_, err := newYard(t).unpack(t, tarOf(t, dir("a"), hardlink("b", "a")))
	wantError(t, err, `"b"`)
}

func TestDeepNestingIsRefused(t *testing.T) {
	_, err := newYard(t).unpack(t, tarOf(t, file(strings.Repeat("a/", 300)+"f", "")))
	wantError(t, err, errTooDeep.Error())
	deep := strings.Repeat("d/", 200)
	_, err = newYard(t).unpack(t, tarOf(t, symlink("l", deep), file("l/"+deep+"f", "")))
	wantError(t, err, errTooDeep.Error())
}

func TestLongWalkIsRefused(t *testing.T) {
	_, err := newYard(t).unpack(t, tarOf(t, dir("d"), symlink("l", strings.Repeat("d/../", 800)), file("l/f", "")))
	wantError(t, err, "too many levels of symbolic links")
}

func TestLongNameIsRefused(t *testing.T) {
	_, err := newYard(t).unpack(t, tarOf(t, file(strings.Repeat("a", 300), "")))
	wantError(t, err, "file name too long")
}

func TestImpossibleOwnerIsRefused(t *testing.T) {
	for _, id := range []int{-1, 1<<32 - 1, 1 << 40} {
		f := file("a", "")
		f.Uid = id
		_, err := newYard(t).unpack(t, tarOf(t, f))
		wantError(t, err, "no such owner")
	}
}

// The header promises an exbibyte, of which nothing is there to be read.
func TestHugeFileIsRefusedAtOnce(t *testing.T) {
	h := tar.Header{Name: "huge", Typeflag: tar.TypeReg, Mode: 0o644, Size: 1 << 60, ModTime: stamped}
	var b strings.Builder
	must(t, tar.NewWriter(&b).WriteHeader(&h))
	_, err := newYard(t).unpack(t, []byte(b.String()))
	wantError(t, err, "needs 1152921504606846976 bytes", "free some space")
}

func TestTruncatedLayerIsRefused(t *testing.T) {
	whole := tarOf(t, file("a", strings.Repeat("x", 5000)))
	_, err := newYard(t).unpack(t, whole[:3000])
	wantError(t, err, "unexpected EOF")
}

func TestCorruptBlobIsRefused(t *testing.T) {
	good := imageOf(t, tarOf(t, file("a", "good")))
	layers, err := good.Layers()
	must(t, err)
	layer, err := layers[0].Digest()
	must(t, err)
	config, err := good.ConfigName()
	must(t, err)
	manifest, err := good.Digest()
	must(t, err)
	evil := layerOf(t, tarOf(t, file("a", "evil")))
	swapped, err := evil.Compressed()
	must(t, err)
	path := writeLayout(t, good)
	blobs := layout.Path(path)
	must(t, blobs.WriteBlob(v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}, swapped))
	for what, c := range map[string]struct {
		digest v1.Hash
		with   string
	}{
		"layer":         {layer, "blobs/sha256/" + strings.Repeat("0", 64)},
		"configuration": {config, ""},
		"manifest":      {manifest, ""},
	} {
		t.Run(what, func(t *testing.T) {
			blob := filepath.Join(path, "blobs/sha256", c.digest.Hex)
			kept := content(t, blob)
			replacement := strings.Replace(kept, runtime.GOARCH, strings.ToUpper(runtime.GOARCH), 1) + " "
			if c.with != "" {
				replacement = content(t, path, c.with)
			}
			must(t, os.WriteFile(blob, []byte(replacement), 0o600))
			defer func() { must(t, os.WriteFile(blob, []byte(kept), 0o600)) }()
			s := newStore(t)
			_, err := s.Root(t.Context(), path)
			wantError(t, err, path, "corrupt", "again")
			if list := stored(t, s); len(list) != 0 {
				t.Errorf("left %q", list)
			}
		})
	}
}

func TestMissingBlobIsNamed(t *testing.T) {
	img := helloImage(t)
	config, err := img.ConfigName()
	must(t, err)
	path := writeLayout(t, img)
	must(t, os.Remove(filepath.Join(path, "blobs/sha256", config.Hex)))
	_, err = newStore(t).Root(t.Context(), path)
	wantError(t, err, config.Hex+" is missing")
}
