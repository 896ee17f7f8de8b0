package image

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

func TestFormatsShareOneRoot(t *testing.T) {
	img := helloImage(t)
	oci := writeLayout(t, img)
	docker := writeDocker(t, map[string]v1.Image{"app:1": img})
	archive := writeArchive(t, oci)
	registry := newRegistry(t)
	registry.push(t, "app:1", img)
	digest, err := img.ConfigName()
	must(t, err)
	s := newStore(t)
	for format, ref := range map[string]string{
		"layout":              oci,
		"archive":             archive,
		"gzip'ed archive":     gzipped(t, archive),
		"docker save":         docker,
		"gzip'ed docker save": gzipped(t, docker),
		"registry":            registry.ref("app:1"),
	} {
		t.Run(format, func(t *testing.T) {
			root := rootOf(t, s, ref)
			want := Root{
				Path:       filepath.Join(s.dir, "sha256-"+digest.Hex, "rootfs"),
				Digest:     digest.String(),
				Entrypoint: []string{"/bin/entry"},
				Cmd:        []string{"serve", "--now"},
				Env:        []string{"A=1", "B=two"},
				User:       "app:staff",
				WorkingDir: "/srv",
			}
			if !reflect.DeepEqual(root, want) {
				t.Errorf("root is %+v, want %+v", root, want)
			}
			if got := content(t, root.Path, "srv/hello"); got != "hello\n" {
				t.Errorf("srv/hello holds %q", got)
			}
		})
	}
	if list := stored(t, s); len(list) != 1 {
		t.Errorf("the store holds %q, want one image", list)
	}
}

func TestEachFormatUnpacks(t *testing.T) {
	img := helloImage(t)
	oci := writeLayout(t, img)
	docker := writeDocker(t, map[string]v1.Image{"app:1": img})
	for _, ref := range []string{oci, writeArchive(t, oci), gzipped(t, docker), docker} {
		if got := content(t, rootOf(t, newStore(t), ref).Path, "srv/hello"); got != "hello\n" {
			t.Errorf("%s: srv/hello holds %q", ref, got)
		}
	}
}

func TestImageWithoutPlatform(t *testing.T) {
	img, err := random.Image(1000, 3)
	must(t, err)
	root := rootOf(t, newStore(t), writeLayout(t, img))
	files, err := os.ReadDir(root.Path)
	must(t, err)
	if len(files) != 3 {
		t.Errorf("%d files, want one of each layer", len(files))
	}
}

func TestRelativePath(t *testing.T) {
	path := writeLayout(t, helloImage(t))
	t.Chdir(filepath.Dir(path))
	rootOf(t, newStore(t), "./layout")
}

func TestUnchangedArchiveIsNotReadAgain(t *testing.T) {
	path := gzipped(t, writeArchive(t, writeLayout(t, helloImage(t))))
	s := newStore(t)
	first := rootOf(t, s, path)
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	stamp, err := stampOf(f)
	must(t, err)
	if again, found := s.recall(path, stamp); !found || !reflect.DeepEqual(again, first) {
		t.Errorf("recalled %v %+v, want %+v", found, again, first)
	}
}

func TestChangedArchiveIsReadAgain(t *testing.T) {
	path := writeArchive(t, writeLayout(t, helloImage(t)))
	s := newStore(t)
	first := rootOf(t, s, path)
	other := writeArchive(t, writeLayout(t, imageOf(t, tarOf(t, file("other", "x")))))
	must(t, os.Rename(other, path))
	if second := rootOf(t, s, path); second.Digest == first.Digest {
		t.Error("the old image was returned for the new file")
	}
}

func TestSeveralImagesOneFits(t *testing.T) {
	mine := helloImage(t)
	other := imageFor(t, "s390x", tarOf(t, file("other", "")))
	docker := writeDocker(t, map[string]v1.Image{"app:mine": mine, "app:other": other})
	oci := writeLayout(t, other)
	must(t, layout.Path(oci).AppendImage(mine))
	for _, ref := range []string{docker, oci, writeArchive(t, oci)} {
		if got := content(t, rootOf(t, newStore(t), ref).Path, "srv/hello"); got != "hello\n" {
			t.Errorf("%s: srv/hello holds %q", ref, got)
		}
	}
}

func TestSeveralImagesNoneFits(t *testing.T) {
	a, b := imageFor(t, "s390x", tarOf(t)), imageFor(t, "riscv64", tarOf(t, dir("x")))
	docker := writeDocker(t, map[string]v1.Image{"app:a": a, "app:b": b})
	oci := writeLayout(t, a)
	must(t, layout.Path(oci).AppendImage(b))
	for _, ref := range []string{docker, oci} {
		_, err := newStore(t).Root(t.Context(), ref)
		wantError(t, err, ref, "no image for linux/"+platform().Architecture, "linux/s390x", "linux/riscv64")
	}
}

func TestSeveralImagesFit(t *testing.T) {
	a, b := helloImage(t), imageOf(t, tarOf(t, file("b", "")))
	docker := writeDocker(t, map[string]v1.Image{"app:a": a, "app:b": b})
	_, err := newStore(t).Root(t.Context(), docker)
	wantError(t, err, docker, "holds 2 images for linux/", "app:a", "app:b")
	oci := writeLayout(t, a, layout.WithAnnotations(map[string]string{refNameAnnotation: "first"}))
	must(t, layout.Path(oci).AppendImage(b, layout.WithAnnotations(map[string]string{refNameAnnotation: "second"})))
	_, err = newStore(t).Root(t.Context(), oci)
	wantError(t, err, oci, "holds 2 images for linux/", "first", "second")
}

func TestOneImageForAnotherPlatform(t *testing.T) {
	_, err := newStore(t).Root(t.Context(), writeLayout(t, imageFor(t, "s390x", tarOf(t))))
	wantError(t, err, "s390x", "this machine is linux/"+platform().Architecture)
}

func TestRefused(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	for what, c := range map[string]struct{ ref, says string }{
		"nothing there":    {"/no/such/image.tar", "no such file"},
		"plain directory":  {folder, "use it as rootfs"},
		"empty file":       {write("empty", ""), "not an image archive"},
		"text file":        {write("text", "hello, this is no archive"), "not an image archive"},
		"half a gzip":      {write("half.gz", "\x1f\x8bxx"), "uncompress"},
		"root file system": {write("root.tar", string(tarOf(t, dir("bin"), file("bin/sh", "")))), "use it as rootfs"},
		"device":           {"/dev/null", "neither a file nor a directory"},
		"bad reference":    {"UPPER case", "parse the reference"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStore(t)
			_, err := s.Root(t.Context(), c.ref)
			wantError(t, err, c.ref, c.says)
			if list := stored(t, s); len(list) != 0 {
				t.Errorf("left %q", list)
			}
		})
	}
}

func TestArchiveLinkLoop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loop.tar")
	must(t, os.WriteFile(path, tarOf(t, symlink("manifest.json", "a"), symlink("a", "manifest.json")), 0o600))
	_, err := newStore(t).Root(t.Context(), path)
	wantError(t, err, "too many links")
}
