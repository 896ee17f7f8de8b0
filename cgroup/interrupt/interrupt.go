// Package interrupt makes blocking system calls end with a context.
//
// Some kernel interfaces have no file descriptor to wait on and no timeout: a
// write to memory.force_empty, swapoff. They do look for a pending signal, so a
// signal is how they are ended. Anyone may import this package; it imports
// nothing of ours.
package interrupt

import (
	"context"
	"errors"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// again is the time between two signals. One may arrive just before the thread
// enters its system call and then interrupts nothing.
const again = time.Millisecond

// Call runs call, which makes one system call and returns its error, and
// interrupts that system call when ctx ends. An interruption while ctx lives
// (the Go runtime sends signals too) makes the call anew. Call returns only
// once call has: with its error, or with ctx's if that is what ended it.
func Call(ctx context.Context, call func() error) error {
	thread := make(chan int, 1)
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread <- unix.Gettid()
		done <- repeat(ctx, call)
	}()
	tid := <-thread
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	ticker := time.NewTicker(again)
	defer ticker.Stop()
	for {
		// SIGURG is what the Go runtime itself preempts with: its handler is
		// there and ignores one that it did not ask for.
		_ = unix.Tgkill(os.Getpid(), tid, unix.SIGURG)
		select {
		case err := <-done:
			return err
		case <-ticker.C:
		}
	}
}

func repeat(ctx context.Context, call func() error) error {
	for ctx.Err() == nil {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	return ctx.Err()
}
