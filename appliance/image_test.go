package appliance_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestImageArchives(t *testing.T) {
	t.Parallel()
	docker, oci := freePort(t), freePort(t)
	n := prepareNode(t, "")
	img := n.image()
	tag, err := name.NewTag("hello:1")
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(n.dir, "docker.tar")
	if err := tarball.WriteToFile(saved, tag, img); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(n.dir, "layout")
	path, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = path.AppendImage(img)
	}
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(n.dir, "oci.tar")
	n.run("tar", "-C", dir, "-cf", archive, ".")

	fromImage := func(name string, port int, file string) string {
		return declare(name, port, "image = "+strconv.Quote(file), "# the command is the image's")
	}
	n.write("node.hcl", nodeBlock("1GiB")+fromImage("docker", docker, saved)+fromImage("oci", oci, archive))
	n.start()
	for name, port := range map[string]int{"docker": docker, "oci": oci} {
		n.expect(port, "/version", "from the image")
		n.expect(port, "/count", "1")
		n.sleep(name)
		n.expect(port, "/count", "2")
	}
}

// image has the function as its only file.
func (n *node) image() v1.Image {
	n.Helper()
	program, err := os.ReadFile(filepath.Join(rootfs, "function"))
	if err != nil {
		n.Fatal(err)
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	err = w.WriteHeader(&tar.Header{Name: "app/function", Mode: 0o755, Size: int64(len(program))})
	if err == nil {
		_, err = w.Write(program)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		n.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files.Bytes())), nil
	})
	if err != nil {
		n.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err == nil {
		img, err = mutate.ConfigFile(img, &v1.ConfigFile{
			OS: "linux", Architecture: runtime.GOARCH,
			Config: v1.Config{Entrypoint: []string{"/app/function"}, Env: []string{"VERSION=from the image"}},
			RootFS: n.rootFS(img),
		})
	}
	if err != nil {
		n.Fatal(err)
	}
	return img
}

func (n *node) rootFS(img v1.Image) v1.RootFS {
	n.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		n.Fatal(err)
	}
	return config.RootFS
}
