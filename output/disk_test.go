package output

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// diskUse is what a file takes of the disk, and its apparent size, in bytes.
func diskUse(t *testing.T, path string) (used, size int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512, info.Size()
}

// TestFloodIsBoundedOnDisk: 64 MiB from a writer that waits for nothing but
// that not more than window is untold.
func TestFloodIsBoundedOnDisk(t *testing.T) {
	const (
		keep, window = 1 << 20, 256 << 10
		total        = 64 << 20
		bound        = keep + window + 2*readSize + 2*freeStep
	)
	var told, most atomic.Int64
	room := make(chan struct{}, total/window)
	var path string
	s := newStore(t, logDir(t), keep, func(_, text string) {
		n := told.Add(int64(len(text)) + 1)
		if n%window == 0 {
			used, _ := diskUse(t, path)
			most.Store(max(most.Load(), used))
			room <- struct{}{}
		}
	})
	path = s.Path("loud")
	f := appender(t, path)
	stop := run(t, s)
	chunk := strings.Repeat(strings.Repeat("x", 1023)+"\n", window/1024)
	for range total / window {
		write(t, f, chunk)
		await(t, room)
	}
	stop()
	used, size := diskUse(t, path)
	t.Logf("%d bytes of disk at most, %d at the end, apparent size %d", most.Load(), used, size)
	if told.Load() != total || size != total {
		t.Errorf("told %d of %d bytes, file has %d", told.Load(), total, size)
	}
	if used < keep || max(used, most.Load()) > bound {
		t.Errorf("%d, at most %d bytes of disk, want from %d to %d", used, most.Load(), keep, bound)
	}
}

// TestTooFarBehind: what is skipped and what is told is everything.
func TestTooFarBehind(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 64<<10, told.line)
	s.backlog = 1 << 20
	f := appender(t, s.Path("loud"))
	const lines = 4 << 20 / 8
	write(t, f, strings.Repeat("1234567\n", lines))
	write(t, f, "the end\n")
	stop := run(t, s)
	count := 1
	for told.await(t) != "loud: the end" {
		count++
	}
	stop()
	if want := 1 << 19 / 8; count != want {
		t.Errorf("told %d lines, want the last %d", count, want)
	}
	if used, _ := diskUse(t, s.Path("loud")); used > 64<<10+2*freeStep {
		t.Errorf("%d bytes of disk", used)
	}
}

// TestNoHoles runs on ramfs, which cannot punch.
func TestNoHoles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ramfs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("torpor-test", dir, "ramfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	const keep, lines = 64 << 10, 4096
	told := newTold()
	s := newStore(t, dir, keep, told.line)
	f := appender(t, s.Path("web"))
	run(t, s)
	var largest int64
	for i := range lines {
		want := strconv.Itoa(i) + strings.Repeat(".", 256)
		write(t, f, want+"\n")
		if got := told.await(t); got != "web: "+want {
			t.Fatalf("told %q, want %q", got, want)
		}
		_, size := diskUse(t, s.Path("web"))
		largest = max(largest, size)
	}
	if largest > 5*keep {
		t.Errorf("the file grew to %d bytes", largest)
	}
}
