package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// An item is one tar entry and its content.
type item struct {
	tar.Header
	content string
}

func file(name, content string) item {
	return item{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, content}
}

func dir(name string) item {
	return item{tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}, ""}
}

func symlink(name, target string) item {
	return item{tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}, ""}
}

func hardlink(name, target string) item {
	return item{tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}, ""}
}

var stamped = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

func tarOf(t testing.TB, items ...item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, it := range items {
		it.Size = int64(len(it.content))
		if it.Typeflag != tar.TypeXGlobalHeader {
			it.ModTime = stamped
		}
		must(t, w.WriteHeader(&it.Header))
		_, err := io.WriteString(w, it.content)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func layerOf(t testing.TB, data []byte) v1.Layer {
	t.Helper()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})
	must(t, err)
	return l
}

// imageFor builds an image of a platform out of tar archives.
func imageFor(t testing.TB, architecture string, layers ...[]byte) v1.Image {
	t.Helper()
	img := v1.Image(empty.Image)
	for _, data := range layers {
		var err error
		img, err = mutate.AppendLayers(img, layerOf(t, data))
		must(t, err)
	}
	config, err := img.ConfigFile()
	must(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	config.Config = v1.Config{
		Entrypoint: []string{"/bin/entry"},
		Cmd:        []string{"serve", "--now"},
		Env:        []string{"A=1", "B=two"},
		User:       "app:staff",
		WorkingDir: "/srv",
	}
	img, err = mutate.ConfigFile(img, config)
	must(t, err)
	return img
}

func imageOf(t testing.TB, layers ...[]byte) v1.Image {
	t.Helper()
	return imageFor(t, runtime.GOARCH, layers...)
}

func helloImage(t testing.TB) v1.Image {
	t.Helper()
	return imageOf(t, tarOf(t, dir("srv/"), file("srv/hello", "hello\n")))
}

func writeLayout(t testing.TB, img v1.Image, options ...layout.Option) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layout")
	p, err := layout.Write(path, empty.Index)
	must(t, err)
	must(t, p.AppendImage(img, options...))
	return path
}

// writeArchive puts the files of a directory into a tar.
func writeArchive(t testing.TB, from string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(path)
	must(t, err)
	w := tar.NewWriter(f)
	must(t, w.AddFS(os.DirFS(from)))
	must(t, w.Close())
	must(t, f.Close())
	return path
}

func writeDocker(t testing.TB, images map[string]v1.Image) string {
	t.Helper()
	tagged := map[name.Tag]v1.Image{}
	for tag, img := range images {
		parsed, err := name.NewTag(tag)
		must(t, err)
		tagged[parsed] = img
	}
	path := filepath.Join(t.TempDir(), "docker.tar")
	must(t, tarball.MultiWriteToFile(path, tagged))
	return path
}

func gzipped(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(data)
	must(t, err)
	must(t, w.Close())
	must(t, os.WriteFile(path+".gz", b.Bytes(), 0o600))
	return path + ".gz"
}

func newStore(t testing.TB) *Store {
	t.Helper()
	return NewStore(filepath.Join(t.TempDir(), "images"))
}

func rootOf(t testing.TB, s *Store, ref string) Root {
	t.Helper()
	root, err := s.Root(t.Context(), ref)
	must(t, err)
	return root
}

// unpacked returns the root directory of an image of these layers.
func unpacked(t testing.TB, layers ...[]byte) string {
	t.Helper()
	return rootOf(t, newStore(t), writeLayout(t, imageOf(t, layers...))).Path
}

// tree describes all below a directory, a line for each name.
func tree(t testing.TB, top string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %s", rel, info.Mode())
		owner := info.Sys().(*syscall.Stat_t)
		fmt.Fprintf(&b, " %d:%d", owner.Uid, owner.Gid)
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %q", data)
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " -> %s", target)
		}
		b.WriteByte('\n')
		return nil
	}))
	return b.String()
}

// stored lists what is in a store, but for the pointers.
func stored(t testing.TB, s *Store) []string {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	if os.IsNotExist(err) {
		return nil
	}
	must(t, err)
	var list []string
	for _, e := range entries {
		if e.Name() != pointersName {
			list = append(list, e.Name())
		}
	}
	return list
}

func content(t testing.TB, elem ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elem...))
	must(t, err)
	return string(data)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError checks that an error says all of these.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error does not say %q: %v", part, err)
		}
	}
}
