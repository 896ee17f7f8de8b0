package gvisor

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestGiveBackWhileItWorks shrinks a sandbox again and again under programs that map, write, fork and check, and asks
// it as ever afterwards.
func TestGiveBackWhileItWorks(t *testing.T) {
	sb := startServer(t, newRuntime(t), serverConfig(t, serverRoot(t)))
	over := make(chan struct{})
	var workers sync.WaitGroup
	for range 3 {
		workers.Go(func() {
			for n := 0; ; n++ {
				if got := ask(t, sb, "/work", "pieces", "20"); got != "worked" {
					t.Errorf("request %d: %q", n, got)
					return
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for range 40 {
		if err := sb.GiveBack(t.Context()); err != nil {
			t.Error(err)
			break
		}
	}
	close(over)
	workers.Wait()
	if got := ask(t, sb, "/"); got != "hello" {
		t.Errorf("answers %q in the end", got)
	}
}

// TestGiveBackShrinks has a function touch memory far apart, which takes a page table each, and threads run.
func TestGiveBackShrinks(t *testing.T) {
	sb := startServer(t, newRuntime(t), serverConfig(t, serverRoot(t)))
	const pieces = 100
	if got := ask(t, sb, "/spread", "pieces", strconv.Itoa(pieces)); got != "spread" {
		t.Fatal(got)
	}
	var asks sync.WaitGroup
	for range 20 {
		asks.Go(func() { ask(t, sb, "/") })
	}
	asks.Wait()
	before := stubTables(t, sb)
	if before < pieces*4 {
		t.Fatalf("its page tables are %d KiB before", before)
	}
	for range 5 {
		if err := sb.GiveBack(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := stubTables(t, sb); after > before/4 {
			t.Errorf("its page tables are %d KiB, before it gave back %d KiB", after, before)
		}
		if got := ask(t, sb, "/spread", "pieces", strconv.Itoa(pieces)); got != "spread" {
			t.Fatal(got)
		}
	}
}

// TestGofersAreSmall waits until one has ended what threads it has no more use for, and unmapped its program.
func TestGofersAreSmall(t *testing.T) {
	sb := startServer(t, newRuntime(t), serverConfig(t, serverRoot(t)))
	const fewThreads, littleMemory = 6, 12 << 10 // of 8 or so, and of 25 MiB
	threads, resident := 0, 0
	for deadline := time.Now().Add(guard); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		status := procStatus(t, sb.record.GoferPID)
		threads, resident = status["Threads"], status["VmRSS"]
		if threads <= fewThreads && resident <= littleMemory {
			return
		}
	}
	t.Errorf("a gofer keeps %d threads and %d KiB", threads, resident)
}

// TestGiveBackOfOneThatIsGone must not wait for ever for an answer.
func TestGiveBackOfOneThatIsGone(t *testing.T) {
	runtime := newRuntime(t)
	sb := startServer(t, runtime, serverConfig(t, serverRoot(t)))
	if err := unix.Kill(sb.PID(), unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := askToShrink(ctx, sb.dir); err == nil || ctx.Err() == nil {
		t.Errorf("a stopped one has shrunk: %v", err)
	}
	if err := unix.Kill(sb.PID(), unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := sb.GiveBack(t.Context()); err != nil { // the answer that nobody waited for is not this one's
		t.Error(err)
	}
	if err := unix.Kill(sb.PID(), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, sb)
	if err := askToShrink(t.Context(), sb.dir); err == nil {
		t.Error("one that was killed has shrunk")
	}
}

// stubTables is the size of the page tables of the largest stub, in KiB.
func stubTables(t *testing.T, sb *Sandbox) (most int) {
	t.Helper()
	sentry := sb.PID()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", sentry, sentry))
	if err != nil {
		t.Fatal(err)
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", sentry))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads { // whichever forked them
		if more, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", sentry, thread.Name())); err == nil {
			children = append(children, more...)
		}
	}
	for _, pid := range strings.Fields(string(children)) {
		n, _ := strconv.Atoi(pid)
		most = max(most, procStatus(t, n)["VmPTE"])
	}
	return most
}

// procStatus has the numbers of /proc/PID/status.
func procStatus(t *testing.T, pid int) map[string]int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	numbers := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		if fields := strings.Fields(value); len(fields) > 0 {
			numbers[name], _ = strconv.Atoi(fields[0])
		}
	}
	return numbers
}
