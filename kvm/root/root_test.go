package root

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// capability is CAP_NET_BIND_SERVICE as a file carries it.
var capability = []byte("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// sample makes a root directory with a bit of everything.
func sample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	must(os.MkdirAll(at("usr/bin"), 0o755))
	must(os.Mkdir(at("tmp"), 0o777))
	must(os.Chmod(at("tmp"), 0o777|fs.ModeSticky))
	must(os.WriteFile(at("usr/bin/su"), bytes.Repeat([]byte("program "), 100_000), 0o755))
	must(os.Chmod(at("usr/bin/su"), 0o755|fs.ModeSetuid))
	must(os.Link(at("usr/bin/su"), at("usr/bin/hard")))
	must(os.WriteFile(at("usr/bin/server"), []byte("x"), 0o755))
	must(unix.Setxattr(at("usr/bin/server"), "security.capability", capability, 0))
	must(os.Symlink("usr/bin", at("bin")))
	must(os.Symlink("/"+strings.Repeat("long/", 60), at("long")))
	must(os.WriteFile(at("owned"), nil, 0o640))
	must(os.Chown(at("owned"), 33, 34))
	must(syscall.Mknod(at("null"), syscall.S_IFCHR|0o666, 1<<8|3))
	must(syscall.Mkfifo(at("fifo"), 0o600))
	must(os.WriteFile(at("sparse"), nil, 0o644))
	must(os.Truncate(at("sparse"), 1<<30))
	for i := range 300 {
		must(os.WriteFile(at(fmt.Sprintf("tmp/file-%d", i)), []byte(fmt.Sprint(i)), 0o644))
	}
	return dir
}

func open(t *testing.T, s *Store, dir, digest string) Disk {
	t.Helper()
	d, err := s.Open(t.Context(), dir, digest)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// debugfs asks e2fsprogs about what is in an image.
func debugfs(t *testing.T, image, request string) string {
	t.Helper()
	out, err := exec.Command("debugfs", "-R", request, image).Output()
	if err != nil {
		t.Fatalf("debugfs %s: %v", request, err)
	}
	return string(out)
}

func TestImageHoldsTheRoot(t *testing.T) {
	dir := sample(t)
	d := open(t, NewStore(filepath.Join(t.TempDir(), "images")), dir, "")

	if out, err := exec.Command("e2fsck", "-f", "-n", d.Name()).CombinedOutput(); err != nil {
		t.Errorf("e2fsck: %v\n%s", err, out)
	}
	want, err := os.ReadFile(filepath.Join(dir, "usr/bin/su"))
	if err != nil {
		t.Fatal(err)
	}
	if got := debugfs(t, d.Name(), "cat /usr/bin/hard"); got != string(want) {
		t.Errorf("the hard link has %d bytes, want %d", len(got), len(want))
	}
	if got := debugfs(t, d.Name(), "cat /tmp/file-299"); got != "299" {
		t.Errorf("the last file has %q", got)
	}
	for name, says := range map[string][]string{
		"/usr/bin/su":     {"Mode:  04755", "Links: 2", "Size: 800000"},
		"/usr/bin/server": {"security.capability"},
		"/tmp":            {"Mode:  01777", "Type: directory"},
		"/bin":            {`Fast link dest: "usr/bin"`},
		"/long":           {"Type: symlink", "Size: 301"},
		"/owned":          {"Mode:  0640", "User:    33   Group:    34"},
		"/null":           {"Type: character special", "01:03"},
		"/fifo":           {"Type: FIFO"},
		"/sparse":         {"Size: 1073741824", "Blockcount: 0"},
	} {
		got := debugfs(t, d.Name(), "stat "+name)
		for _, s := range says {
			if !strings.Contains(got, s) {
				t.Errorf("%s lacks %q:\n%s", name, s, got)
			}
		}
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(d.Fd()), &st); err != nil || st.Blocks*512 > 16<<20 {
		t.Errorf("the image takes %d bytes on disk, %v", st.Blocks*512, err)
	}
	if st.Mode&0o077 != 0 {
		t.Errorf("others may read it: mode %o", st.Mode)
	}
}

func TestOneImageForOneContent(t *testing.T) {
	dir := sample(t)
	s := NewStore(t.TempDir())
	first := open(t, s, dir, "")
	again := open(t, s, dir, "")
	if !sameFile(t, first, again) {
		t.Error("made again of what it was made of")
	}
	for name, change := range map[string]func() error{
		"content, with its time set back": func() error {
			path := filepath.Join(dir, "owned")
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(path, nil, 0), os.Chtimes(path, info.ModTime(), info.ModTime()))
		},
		"mode":     func() error { return os.Chmod(filepath.Join(dir, "owned"), 0o600) },
		"owner":    func() error { return os.Chown(filepath.Join(dir, "owned"), 1, 1) },
		"new file": func() error { return os.WriteFile(filepath.Join(dir, "tmp/new"), nil, 0o644) },
		"removed":  func() error { return os.Remove(filepath.Join(dir, "fifo")) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		changed := open(t, s, dir, "")
		if changed.Key == first.Key || sameFile(t, first, changed) {
			t.Errorf("%s: went unseen", name)
		}
		first = changed
	}
}

func TestDigestNamesTheContent(t *testing.T) {
	dir := sample(t)
	s := NewStore(t.TempDir())
	first := open(t, s, dir, "sha256:abc")
	if err := os.WriteFile(filepath.Join(dir, "more"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if !sameFile(t, first, open(t, s, dir, "sha256:abc")) {
		t.Error("the directory was looked at, though the digest names it")
	}
	if _, err := s.Open(t.Context(), dir, "../../etc"); err == nil {
		t.Error("a path was taken for a digest")
	}
}

func sameFile(t *testing.T, a, b Disk) bool {
	t.Helper()
	x, err := a.Stat()
	y, e := b.Stat()
	if err != nil || e != nil {
		t.Fatal(err, e)
	}
	return os.SameFile(x, y)
}

func TestManyAtOnceMakeOne(t *testing.T) {
	dir := sample(t)
	s := NewStore(t.TempDir())
	disks := make([]Disk, 8)
	var all sync.WaitGroup
	for i := range disks {
		all.Go(func() { disks[i] = open(t, s, dir, "") })
	}
	all.Wait()
	for _, d := range disks {
		if !sameFile(t, d, disks[0]) {
			t.Error("two were made")
		}
	}
}

func TestPrune(t *testing.T) {
	dir := sample(t)
	s := NewStore(t.TempDir())
	kept, unused := open(t, s, dir, "sha256:kept"), open(t, s, dir, "sha256:unused")
	for _, name := range []string{s.partial("1-sha256-killed"), filepath.Join(s.dir, "README")} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Prune([]string{kept.Key}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := "1-sha256-kept.ext4 README"; strings.Join(names, " ") != want {
		t.Errorf("left are %v, want %s", names, want)
	}
	if _, err := io.ReadFull(unused, make([]byte, 4096)); err != nil {
		t.Errorf("a disk in use is gone: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	s := NewStore(t.TempDir())
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	mounted := sample(t)
	if err := unix.Mount("tmpfs", filepath.Join(mounted, "tmp"), "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(filepath.Join(mounted, "tmp"), 0)
	for dir, says := range map[string]string{
		"/nonexistent": "/nonexistent", file: "not a directory", mounted: "another file system is mounted on",
	} {
		if _, err := s.Open(t.Context(), dir, ""); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v does not say %q", dir, err, says)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.Open(ended, sample(t), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
	empty(t, s)
}

func TestFullDisk(t *testing.T) {
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(small, 0)
	s := NewStore(filepath.Join(small, "images"))
	if _, err := s.Open(t.Context(), sample(t), ""); err == nil || !strings.Contains(err.Error(), "make room") {
		t.Errorf("got %v", err)
	}
	empty(t, s)
}

// empty checks that a failure left nothing.
func empty(t *testing.T, s *Store) {
	t.Helper()
	if entries, _ := os.ReadDir(s.dir); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestScratch(t *testing.T) {
	dir := t.TempDir()
	f, err := Scratch(t.Context(), dir, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
	if out, err := exec.Command("e2fsck", "-f", "-n", fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd())).CombinedOutput(); err != nil {
		t.Errorf("e2fsck: %v\n%s", err, out)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Size != 1<<30 || st.Blocks*512 > 8<<20 {
		t.Errorf("size %d, on disk %d, %v", st.Size, st.Blocks*512, err)
	}
	if _, err := Scratch(t.Context(), dir, 4096); err == nil {
		t.Error("a disk without room was made")
	}
}
