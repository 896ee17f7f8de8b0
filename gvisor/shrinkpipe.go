package gvisor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A Sentry is asked to shrink by a byte in one named pipe, and says that it has by
// the same byte in another, which is the last that it does: gVisor's own control
// server would touch half a program again to tell. The pipes are in the sandbox's
// folder, so that the next daemon finds them too.
const (
	shrinkPipe = "shrink"
	shrunkPipe = "shrunk"
)

// makeShrinkPipes has the Sentry that this process starts inherit its ends.
func makeShrinkPipes(dir string) error {
	for name, fd := range map[string]int{shrinkPipe: shrinkFD, shrunkPipe: shrunkFD} {
		path := filepath.Join(dir, name)
		err := unix.Mkfifo(path, 0o600)
		if err != nil {
			return fmt.Errorf("making %s: %w", path, err)
		}
		// Open for both, so that neither end is ever missing.
		from, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err == nil {
			err = handOn(map[int]int{fd: from})
		}
		if err != nil {
			return fmt.Errorf("opening %s: %w", path, err)
		}
	}
	return nil
}

// serveShrink calls shrink whenever it is wished for, each time in a goroutine that
// ends right after; the next one answers.
func serveShrink(shrink func()) {
	wishes := os.NewFile(shrinkFD, shrinkPipe) // which Go's poller waits for: no thread does
	go serveOneShrink(wishes, shrink, nil)
}

func serveOneShrink(wishes *os.File, shrink func(), answer []byte) {
	if len(answer) > 0 {
		_, _ = unix.Write(shrunkFD, answer)
	}
	wish := make([]byte, 1)
	if _, err := wishes.Read(wish); err != nil {
		return
	}
	shrink()
	go serveOneShrink(wishes, shrink, wish)
}

// askToShrink asks the Sentry whose folder is dir, and waits until it has shrunk or
// ctx ends. One that was started before there were these pipes is left as it is.
func askToShrink(ctx context.Context, dir string) error {
	wishes, err := os.OpenFile(filepath.Join(dir, shrinkPipe), os.O_WRONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer wishes.Close()
	done, err := os.OpenFile(filepath.Join(dir, shrunkPipe), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer done.Close()
	stop := context.AfterFunc(ctx, func() { _ = done.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	wish := byte(rand.Uint32()) // unlike that of one who did not wait for his answer
	if _, err := wishes.Write([]byte{wish}); err != nil {
		return err
	}
	for answer := []byte{^wish}; answer[0] != wish; {
		if _, err := done.Read(answer); err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
	}
	return nil
}
