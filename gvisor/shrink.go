package gvisor

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// shrinkProcess gives up what this process can do without while it sleeps: Go's
// free memory, threads that have nothing to do, each of which is a stack of 16 KiB
// in the kernel and 7 KiB more, and the page tables of files, such as its program.
// The goroutine that calls it is to end soon, and may take its thread along. The
// thread keep stays; 0 is none.
func shrinkProcess(mapped fileMappings, keep int) {
	debug.FreeOSMemory()
	endIdleThreads(keep)
	if !endWithThread(keep) {
		runtime.UnlockOSThread()
	}
	mapped.drop()
}

// endIdleThreads ends the threads that Go's runtime keeps for later: when a
// goroutine takes its thread along, the next one runs on one that was idle, or else
// on a new one.
func endIdleThreads(keep int) {
	over := make(chan struct{})
	defer close(over)
	const patience = 2 // as a thread that ends is counted a moment longer
	for least, vain := threads(), 0; vain < patience; vain++ {
		runs := make(chan struct{})
		go func() {
			stays := !endWithThread(keep)
			close(runs)
			if stays {
				<-over // so that the others run elsewhere
				runtime.UnlockOSThread()
			}
		}()
		<-runs
		if now := threads(); now < least {
			least, vain = now, -1
		}
	}
}

// endWithThread has the goroutine that calls it take its thread along when it ends,
// which Go's runtime does with those that are locked to theirs. It says whether it
// may: not where that is the thread keep, from which it then has to be unlocked.
func endWithThread(keep int) bool {
	runtime.LockOSThread()
	return unix.Gettid() != keep
}

// threads is how many there are now.
func threads() int {
	n, _ := runtime.ThreadCreateProfile(nil)
	return n
}

// fileMappings are where this process has files mapped that cannot be lost, as
// nothing is private to it there: what is dropped comes back from the file.
type fileMappings struct{ maps int }

// watchMappings opens the list of this process's mappings, as there will be no
// /proc later.
func watchMappings() (fileMappings, error) {
	fd, err := unix.Open("/proc/self/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fileMappings{}, fmt.Errorf("gvisor: opening own mappings: %w", err)
	}
	return fileMappings{fd}, nil
}

func (m fileMappings) close() { _ = unix.Close(m.maps) }

// drop empties the page tables there. Since Linux 6.14 it frees them, too.
func (m fileMappings) drop() {
	all := droppable(m.read())
	for _, r := range all {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, r.start, r.end-r.start, unix.MADV_DONTNEED) // a help only
	}
}

func (m fileMappings) read() []byte {
	text := make([]byte, 0, 64<<10)
	for {
		if len(text) == cap(text) {
			text = slices.Grow(text, cap(text))
		}
		n, err := unix.Pread(m.maps, text[len(text):cap(text)], int64(len(text)))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return text
		}
		text = text[:len(text)+n]
	}
}

type addressRange struct{ start, end uintptr }

// droppable reads a list of mappings (proc_pid_maps(5)), and joins those that
// touch.
func droppable(maps []byte) (all []addressRange) {
	for line := range bytes.Lines(maps) {
		fields := bytes.Fields(line)
		if len(fields) < 6 || fields[5][0] != '/' {
			continue // of no file
		}
		if access := fields[1]; access[1] == 'w' && access[3] == 'p' {
			continue
		}
		from, to, _ := strings.Cut(string(fields[0]), "-")
		start, err := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err != nil || err2 != nil {
			continue
		}
		if last := len(all) - 1; last >= 0 && all[last].end == uintptr(start) {
			all[last].end = uintptr(end)
		} else {
			all = append(all, addressRange{uintptr(start), uintptr(end)})
		}
	}
	return all
}
