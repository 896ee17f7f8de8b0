package gvisor

import (
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/runsc/sandbox"
)

// The descriptors that only one of a sandbox's processes is handed. They are above
// those that gVisor hands on, and closed by the others.
const (
	outputPipeFD   = 200 + iota // the function's output, to be forwarded
	outputStreamFD              // where it goes
	outputFileFD                // where it goes when the stream is cut
	launchedFD                  // a pipe that ends with the launcher
	networkFD                   // the function's network namespace
	shrinkFD                    // asks the Sentry to shrink itself
	shrunkFD                    // where it says that it has
)

var (
	goferFDs  = []int{outputPipeFD, outputStreamFD, outputFileFD, launchedFD, networkFD}
	sentryFDs = []int{shrinkFD, shrunkFD}
)

// handOn has child processes inherit descriptors, each under the number that it
// is given.
func handOn(fds map[int]int) error {
	// gVisor does this too, but once in a process: what follows stays open.
	if err := sandbox.SetCloExeOnAllFDs(); err != nil {
		return err
	}
	for fd, from := range fds {
		if err := unix.Dup3(from, fd, 0); err != nil {
			return err
		}
	}
	return nil
}

// drop closes descriptors that were handed on to others.
func drop(fds ...int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}
