package initramfs

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"torpor/kvm/wire"
)

// kernel makes the folder of a kernel whose modules are compressed in every way.
func kernel(t *testing.T) Kernel {
	t.Helper()
	k := Kernel{Release: "6.1.0-0-test", Modules: t.TempDir()}
	write := func(name, text string) {
		path := filepath.Join(k.Modules, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("modules.dep", `kernel/drivers/virtio/virtio_mmio.ko.xz: kernel/drivers/virtio/virtio.ko.gz kernel/drivers/virtio/virtio_ring.ko.zst
kernel/drivers/virtio/virtio.ko.gz: kernel/drivers/virtio/virtio_ring.ko.zst
kernel/drivers/virtio/virtio_ring.ko.zst:
kernel/drivers/char/virtio-rng.ko: kernel/drivers/virtio/virtio.ko.gz
kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko
kernel/lib/crc16.ko:
kernel/crypto/crc32c-intel.ko:
kernel/broken.ko: kernel/gone.ko
`)
	write("modules.builtin", "kernel/fs/overlayfs/overlay.ko\nkernel/crypto/crc32c_generic.ko\n")
	write("modules.softdep", "# a comment\nsoftdep ext4 pre: crypto-crc32c post: nothing\n")
	write("modules.alias", "alias crypto-crc32c crc32c_intel\nalias crypto-crc32c crc32c_generic\nalias acpi*:LNRO0005:* virtio_mmio\n")
	write("kernel/drivers/virtio/virtio_mmio.ko.xz", packed(t, "mmio", func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }))
	write("kernel/drivers/virtio/virtio.ko.gz", packed(t, "virtio", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }))
	write("kernel/drivers/virtio/virtio_ring.ko.zst", packed(t, "ring", func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }))
	for _, name := range []string{"drivers/char/virtio-rng", "fs/ext4/ext4", "lib/crc16", "crypto/crc32c-intel"} {
		write("kernel/"+name+".ko", module(filepath.Base(name)))
	}
	return k
}

func module(text string) string { return "\x7fELF" + text }

func packed(t *testing.T, text string, with func(io.Writer) (io.WriteCloser, error)) string {
	t.Helper()
	var b bytes.Buffer
	w, err := with(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, module(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOrder(t *testing.T) {
	k := kernel(t)
	modules, err := k.Order([]Want{
		{Name: "virtio-rng", Optional: true}, {Name: "virtio_mmio"}, {Name: "ext4"}, {Name: "overlay"}, {Name: "none", Optional: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range modules {
		name := m.Name
		if m.Optional {
			name += "?"
		}
		got = append(got, name)
	}
	want := strings.Fields("virtio_ring virtio virtio_rng? virtio_mmio crc32c_intel? crc16 ext4")
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestErrorsSayWhatToInstall(t *testing.T) {
	k := kernel(t)
	none := Kernel{Release: "6.9.9", Modules: filepath.Join(t.TempDir(), "none")}
	empty := Kernel{Release: "6.9.9", Modules: t.TempDir()}
	for _, c := range []struct {
		kernel Kernel
		want   string
		says   []string
	}{
		{k, "vsock", []string{"no module vsock", "modules.dep", "linux-image-6.1.0-0-test"}},
		{k, "broken", []string{"broken needs gone", "depmod"}},
		{none, "virtio", []string{none.Modules + " does not exist", "linux-image-6.9.9"}},
		{empty, "virtio", []string{filepath.Join(empty.Modules, "modules.dep"), "depmod 6.9.9"}},
	} {
		_, err := c.kernel.Order([]Want{{Name: c.want}})
		for _, s := range c.says {
			if err == nil || !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %v does not say %q", c.want, err, s)
			}
		}
	}
}

func TestDamagedModule(t *testing.T) {
	k := kernel(t)
	for name, damage := range map[string]string{
		"kernel/drivers/virtio/virtio_mmio.ko.xz": "no xz", "kernel/fs/ext4/ext4.ko": "no ELF", "kernel/lib/crc16.ko": "",
	} {
		k := kernel(t)
		path := filepath.Join(k.Modules, name)
		if err := os.WriteFile(path, []byte(damage), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Build(k, []Want{{Name: "virtio_mmio"}, {Name: "ext4"}}, nil)
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(filepath.Join(k.Modules, "kernel/fs/ext4/ext4.ko")); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(k, []Want{{Name: "ext4"}}, nil); err == nil || !strings.Contains(err.Error(), "ext4.ko") {
		t.Errorf("missing: %v", err)
	}
}

// TestArchives has cpio unpack what the kernel would, one archive after the other.
func TestArchives(t *testing.T) {
	base, err := Build(kernel(t), []Want{{Name: "virtio_mmio"}, {Name: "ext4"}, {Name: "virtio_rng", Optional: true}}, []byte("the init"))
	if err != nil {
		t.Fatal(err)
	}
	config := wire.Config{Args: []string{"a"}, WorkingDir: "/", Env: []string{"SECRET=x"}}
	more, err := Config(config)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	unpackInto(t, root, base)
	unpackInto(t, root, more)

	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	if got := read(wire.InitPath); got != "the init" {
		t.Errorf("init is %q", got)
	}
	list := strings.Fields(read(wire.ModulesPath))
	if want := strings.Fields("virtio_ring.ko virtio.ko virtio_mmio.ko ?crc32c_intel.ko crc16.ko ext4.ko ?virtio_rng.ko"); !slices.Equal(list, want) {
		t.Errorf("the list is %v, want %v", list, want)
	}
	for file, text := range map[string]string{"virtio_mmio.ko": "mmio", "virtio.ko": "virtio", "virtio_ring.ko": "ring"} {
		if got := read(filepath.Join(filepath.Dir(wire.ModulesPath), file)); got != module(text) {
			t.Errorf("%s is %q", file, got)
		}
	}
	if got, err := wire.DecodeConfig([]byte(read(wire.ConfigPath))); err != nil || got.Env[0] != config.Env[0] {
		t.Errorf("the configuration is %+v, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(root, wire.ConfigPath)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the configuration has mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Join(root, wire.InitPath)); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("init has mode %v, %v", info.Mode(), err)
	}
}

func unpackInto(t *testing.T, dir string, archive []byte) {
	t.Helper()
	if len(archive)%512 != 0 {
		t.Errorf("%d bytes: another archive could not follow", len(archive))
	}
	cmd := exec.Command("cpio", "--extract", "--quiet", "--make-directories", "--no-absolute-filenames")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(archive)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cpio: %v\n%s", err, out)
	}
}

func TestCache(t *testing.T) {
	k := kernel(t)
	var c Cache
	first, err := c.Build(k, []Want{{Name: "ext4"}}, []byte("init"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Build(k, []Want{{Name: "ext4"}}, []byte("init")); err != nil || &again[0] != &first[0] {
		t.Errorf("made again: %v", err)
	}
	if other, err := c.Build(k, []Want{{Name: "ext4"}, {Name: "virtio_mmio"}}, []byte("init")); err != nil || bytes.Equal(other, first) {
		t.Errorf("other modules, the same archive: %v", err)
	}
	// The package of the kernel is upgraded.
	if err := os.WriteFile(filepath.Join(k.Modules, "modules.dep"), []byte("kernel/fs/ext4/ext4.ko:\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if other, err := c.Build(k, []Want{{Name: "ext4"}}, []byte("init")); err != nil || bytes.Equal(other, first) {
		t.Errorf("an upgrade went unseen: %v", err)
	}
}

func TestSameInputsSameBytes(t *testing.T) {
	k := kernel(t)
	wants := []Want{{Name: "ext4"}, {Name: "virtio_mmio"}}
	first, err := Build(k, wants, []byte("init"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Build(k, wants, []byte("init"))
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("two builds differ: %v", err)
	}
}

// TestTypesAreHidden compiles nothing: it looks at a module of the kernel that scripts/kernel.sh unpacks.
func TestTypesAreHidden(t *testing.T) {
	files, err := filepath.Glob("../../out/kernel/lib/modules/*/kernel/fs/overlayfs/overlay.ko*")
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no module: run scripts/kernel.sh (%v)", err)
	}
	packed, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	whole, err := unpack(files[0], packed)
	if err != nil {
		t.Fatal(err)
	}
	module, err := readModule(files[0])
	if err != nil {
		t.Fatal(err)
	}
	before, err := elf.NewFile(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	after, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		t.Fatal(err)
	}
	if before.Section(".BTF") == nil {
		t.Error("it has no types to hide")
	}
	for i, s := range before.Sections {
		want := s.Name
		if want == ".BTF" {
			want = "_BTF"
		}
		if got := after.Sections[i].Name; got != want {
			t.Errorf("section %d is %q, was %q", i, got, s.Name)
		}
	}
}

func TestUnsignedModule(t *testing.T) {
	const mark = "~Module signature appended~\n"
	trailer := "\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x03"
	for signed, want := range map[string]string{
		"code" + "sig" + trailer + mark: "code",
		"code":                          "code",
		mark:                            mark,
		"no" + trailer + mark:           "no" + trailer + mark, // its signature would be longer than all of it
	} {
		if got := unsigned([]byte(signed)); string(got) != want {
			t.Errorf("of %q there is %q, want %q", signed, got, want)
		}
	}
}
