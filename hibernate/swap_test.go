package hibernate

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSwapLife(t *testing.T) {
	others, err := swapAreas()
	if err != nil {
		t.Fatal(err)
	}
	s, err := EnsureSwap(filepath.Join(t.TempDir(), "swap"), 32*mib)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { must(t, "", s.Close(bounded(t))) }()
	if u, err := s.Usage(); err != nil || u.Size != 32*mib-4096 {
		t.Errorf("Usage = %+v, %v", u, err)
	}
	about, err := os.Stat(s.Path())
	if err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", about.Mode(), err)
	}
	out, err := exec.Command("blkid", "-p", "-s", "LABEL", "-o", "value", s.Path()).Output()
	if label := strings.TrimSpace(string(out)); err != nil || label != "torpor" {
		t.Errorf("blkid: label %q, %v", label, err)
	}
	assertAbove(t, s, others)
	if err := s.Close(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file after Close: %v", err)
	}
	if u, err := s.Usage(); err != nil || u != (SwapUsage{}) {
		t.Errorf("Usage after Close = %+v, %v", u, err)
	}
}

func assertAbove(t *testing.T, s *Swap, others []swapArea) {
	t.Helper()
	own, err := findSwap(s.path)
	if err != nil || own == nil {
		t.Fatalf("%s is not in use: %v", s.path, err)
	}
	for _, other := range others {
		if own.priority < min(other.priority+1, 32767) {
			t.Errorf("priority %d, and %d for %s", own.priority, other.priority, other.path)
		}
	}
}

func TestSwapIsAdopted(t *testing.T) {
	s := idleSwap(t, 32*mib)
	again, err := EnsureSwap(s.Path(), 32*mib)
	if err != nil || again.Path() != s.Path() {
		t.Fatalf("EnsureSwap = %v, %v", again, err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(s.Path()), link); err != nil {
		t.Fatal(err)
	}
	if again, err = EnsureSwap(filepath.Join(link, "swap"), 32*mib); err != nil || again.Path() != s.Path() {
		t.Errorf("EnsureSwap through a link = %v, %v", again, err)
	}
}

func TestSwapIsResized(t *testing.T) {
	for _, size := range []uint64{64 * mib, 16 * mib} {
		s := idleSwap(t, 32*mib) // a resized one is anybody's
		if _, err := EnsureSwap(s.Path(), size); err != nil {
			t.Fatal(err)
		}
		if u, err := s.Usage(); err != nil || u.Size != size-4096 {
			t.Errorf("Usage = %+v, %v, want %d", u, err, size)
		}
	}
}

func TestSwapInUseKeepsItsSize(t *testing.T) {
	s := newSwap(t, 128*mib)
	asleep := newSleeper(t, 16)
	if _, err := Deflate(bounded(t), asleep.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	if err := s.Resize(64 * mib); !errors.Is(err, ErrSwapInUse) {
		t.Errorf("Resize: %v, want ErrSwapInUse", err)
	}
	if _, err := EnsureSwap(s.Path(), 64*mib); err != nil {
		t.Errorf("EnsureSwap: %v, want it adopted as it is", err)
	}
	if u, err := s.Usage(); err != nil || u.Size != 128*mib-4096 {
		t.Errorf("Usage = %+v, %v", u, err)
	}
}

// Closing while functions sleep fetches them back; that can be broken off.
func TestSwapClosedInUse(t *testing.T) {
	s := newSwap(t, 128*mib)
	asleep := newSleeper(t, 64)
	if _, err := Deflate(bounded(t), asleep.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Close with an ended context: %v", err)
	}
	if u, err := s.Usage(); err != nil || u.Used == 0 {
		t.Errorf("Usage = %+v, %v, want it in use as before", u, err)
	}
	if err := s.Close(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := Inflate(bounded(t), asleep.group); err != nil {
		t.Fatal(err)
	}
	asleep.check(t)
}

func TestSwapRefusals(t *testing.T) {
	tests := []struct {
		name   string
		place  func(t *testing.T, dir string) string
		size   uint64
		phrase string
		cause  error
	}{
		{"tmpfs", onTmpfs, mib, "tmpfs keeps its files in memory: choose a path on ext4", nil},
		{"overlayfs", onOverlay, mib, "overlayfs cannot hold", nil},
		{"no space", onSmallDisk, 32 * mib, "to keep free are needed", unix.ENOSPC},
		{"huge", plain, 1 << 62, "to keep free are needed", unix.ENOSPC},
		{"tiny", plain, 4096, "too few", nil},
		{"no folder", func(_ *testing.T, dir string) string { return filepath.Join(dir, "none/swap") }, mib, "folder", fs.ErrNotExist},
		{"foreign file", foreign(make([]byte, 8192)), mib, "torpor did not make", nil},
		{"short foreign file", foreign([]byte("x")), mib, "torpor did not make", nil},
		{"foreign swap", foreignSwap, mib, "torpor did not make", nil},
		{"link", func(t *testing.T, dir string) string {
			return must(t, filepath.Join(dir, "swap"), os.Symlink("/nowhere", filepath.Join(dir, "swap")))
		}, mib, "torpor did not make", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := test.place(t, dir)
			before := tree(t, filepath.Dir(path))
			_, err := EnsureSwap(path, test.size)
			no, ok := errors.AsType[*NoSwapError](err)
			if !ok || no.Path != path || !strings.Contains(err.Error(), test.phrase) {
				t.Fatalf("EnsureSwap: %v, want %q", err, test.phrase)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("%v does not wrap %v", err, test.cause)
			}
			if after := tree(t, filepath.Dir(path)); after != before {
				t.Errorf("the folder was %q and is %q", before, after)
			}
		})
	}
}

func plain(_ *testing.T, dir string) string { return filepath.Join(dir, "swap") }

func onTmpfs(t *testing.T, dir string) string {
	mount(t, "tmpfs", dir, "tmpfs", "")
	return filepath.Join(dir, "swap")
}

func onOverlay(t *testing.T, dir string) string {
	base := t.TempDir() // apart, as upper and work cannot be below the mount
	mount(t, "tmpfs", base, "tmpfs", "")
	for _, name := range []string{"lower", "upper", "work"} {
		must(t, "", os.Mkdir(filepath.Join(base, name), 0o700))
	}
	mount(t, "overlay", dir, "overlay", "lowerdir="+base+"/lower,upperdir="+base+"/upper,workdir="+base+"/work")
	return filepath.Join(dir, "swap")
}

func onSmallDisk(t *testing.T, dir string) string {
	image := filepath.Join(t.TempDir(), "image")
	must(t, "", os.WriteFile(image, nil, 0o600))
	must(t, "", os.Truncate(image, 64*mib))
	run(t, "mkfs.ext4", "-q", image)
	run(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() { must(t, "", unix.Unmount(dir, 0)) })
	return filepath.Join(dir, "swap")
}

func foreign(content []byte) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		path := filepath.Join(dir, "swap")
		return must(t, path, os.WriteFile(path, content, 0o600))
	}
}

func foreignSwap(t *testing.T, dir string) string {
	path := foreign(make([]byte, mib))(t, dir)
	run(t, "mkswap", "-q", "-L", "other", path)
	return path
}

// A death in the midst of making the file leaves the partial one, or the
// complete one not yet in use.
func TestSwapLeftovers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	must(t, "", makeFile(path, 2*mib))
	must(t, "", os.WriteFile(partial(path), make([]byte, mib), 0o600))
	s, err := EnsureSwap(path, 4*mib)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { must(t, "", s.Close(bounded(t))) }()
	if got := tree(t, filepath.Dir(path)); got != "swap" {
		t.Errorf("the folder holds %q", got)
	}
	if u, err := s.Usage(); err != nil || u.Size != 4*mib-4096 {
		t.Errorf("Usage = %+v, %v", u, err)
	}
}

// The disk becomes full after the look at it: nothing is left.
func TestDiskFullMeanwhile(t *testing.T) {
	path := onSmallDisk(t, t.TempDir())
	before := tree(t, filepath.Dir(path))
	err := makeFile(path, 256*mib)
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("makeFile: %v", err)
	}
	if no := explain(err); !strings.Contains(no.Reason, "disk became full") {
		t.Errorf("reason %q", no.Reason)
	}
	if after := tree(t, filepath.Dir(path)); after != before {
		t.Errorf("the folder was %q and is %q", before, after)
	}
}

func TestKernelRefusals(t *testing.T) {
	tests := map[unix.Errno]string{
		unix.EPERM:      "run as root",
		unix.EACCES:     "run as root",
		unix.EROFS:      "read-only",
		unix.EINVAL:     chooseOther,
		unix.EOPNOTSUPP: chooseOther,
		unix.EDQUOT:     "ask for less",
		unix.EFBIG:      "ask for less",
	}
	for errno, phrase := range tests {
		err := explain(&os.PathError{Op: "fallocate", Path: "/swap", Err: errno})
		if !strings.Contains(err.Error(), phrase) || !errors.Is(err, errno) {
			t.Errorf("%v: %q lacks %q", errno, err, phrase)
		}
	}
}

func TestParseSwaps(t *testing.T) {
	areas, err := parseSwaps("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" +
		"/dev/vdb                                partition\t1048572\t\t1024\t\t-2\n" +
		"/srv/two\\040words/back\\134slash         file    \t131068\t\t0\t\t100\n")
	if err != nil || len(areas) != 2 {
		t.Fatalf("parseSwaps = %+v, %v", areas, err)
	}
	want := []swapArea{
		{path: "/dev/vdb", size: 1048572 << 10, used: 1 << 20, priority: -2},
		{path: `/srv/two words/back\slash`, size: 131068 << 10, priority: 100},
	}
	for i := range want {
		if areas[i] != want[i] {
			t.Errorf("area %+v, want %+v", areas[i], want[i])
		}
	}
	if _, err := parseSwaps("/x file\n"); err == nil {
		t.Error("a broken line was taken")
	}
}

func mount(t *testing.T, source, dir, kind, options string) {
	t.Helper()
	must(t, "", unix.Mount(source, dir, kind, 0, options))
	t.Cleanup(func() { must(t, "", unix.Unmount(dir, 0)) })
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// must passes value on, or ends the test.
func must(t *testing.T, value string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// tree lists the names in dir.
func tree(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
