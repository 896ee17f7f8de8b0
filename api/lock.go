package api

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Lock makes the runtime folder, if need be, and holds it against every other
// daemon until release is called or the process ends. When one runs, the error
// is ErrRefused.
func Lock(runtimeDir string) (release func(), err error) {
	dir, err := lock(runtimeDir)
	if err != nil {
		return nil, err
	}
	return func() { dir.Close() }, nil
}

// A daemon that was killed while it started a process leaves the lock to that for
// a moment, until it executes its program.
const (
	lockTries = 20
	lockPause = 25 * time.Millisecond
)

// lock locks the folder itself: there is no file that could be left over.
func lock(runtimeDir string) (*os.File, error) {
	if err := os.MkdirAll(runtimeDir, 0o755); err != nil {
		return nil, fmt.Errorf("api: make runtime folder: %w", err)
	}
	dir, err := os.Open(runtimeDir)
	if err != nil {
		return nil, fmt.Errorf("api: open runtime folder: %w", err)
	}
	for range lockTries {
		if err = unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			return dir, nil
		}
		time.Sleep(lockPause)
	}
	dir.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, &sentence{text: fmt.Sprintf("a daemon runs at %s already: stop it first, or give another --runtime folder", runtimeDir), kind: ErrRefused}
	}
	return nil, fmt.Errorf("api: lock %s: %w", runtimeDir, err)
}
