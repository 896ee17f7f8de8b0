package gvisor

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/google/subcommands"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/runsc/cmd"
	"gvisor.dev/gvisor/runsc/cmd/util"
	"gvisor.dev/gvisor/runsc/flag"
)

// gofer is gVisor's, which also forwards the function's output, and makes itself
// small once the function has started: the Sentry opens files itself from then on.
type gofer struct{ cmd.Gofer }

// Execute implements subcommands.Command.
func (g *gofer) Execute(ctx context.Context, f *flag.FlagSet, args ...any) subcommands.ExitStatus {
	if f.Lookup("apply-caps").Value.String() == "true" {
		if err := joinNetwork(); err != nil {
			util.Fatalf("%v", err)
		}
		return g.Gofer.Execute(ctx, f, args...) // it starts itself again, with less power
	}
	if err := shrinkOnceLaunched(); err != nil {
		util.Fatalf("%v", err)
	}
	output := forwardOutput()
	status := g.Gofer.Execute(ctx, f, args...)
	if output != nil {
		<-output // the function has ended, and these are its last words
	}
	return status
}

// joinNetwork leaves the network namespace that gVisor makes for each gofer, which
// is some 80 KiB, for the function's, where there is no more than loopback either.
// The goroutine stays on its thread, from which gVisor starts the gofer again.
func joinNetwork() error {
	runtime.LockOSThread()
	if err := unix.Setns(networkFD, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("gvisor: joining the function's network namespace: %w", err)
	}
	return unix.Close(networkFD)
}

// shrinkOnceLaunched makes this process small when its launcher ends.
func shrinkOnceLaunched() error {
	runtime.GOMAXPROCS(1) // each more keeps a thread and its caches
	mapped, err := watchMappings()
	if err != nil {
		return err
	}
	go func() {
		awaitLaunched()
		shrinkProcess(mapped, 0)
		mapped.close()
	}()
	return nil
}

// handOnToGofer has the gofer that this process starts inherit what it waits for,
// this process's end, which comes when the function has started, and where it goes.
func handOnToGofer() error {
	network, err := unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: "/proc/self/ns/net", Err: err}
	}
	var launched [2]int
	if err := unix.Pipe2(launched[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("opening launch pipe: %w", err)
	}
	return handOn(map[int]int{launchedFD: launched[0], networkFD: network})
}

// awaitLaunched returns when the launcher has ended.
func awaitLaunched() {
	for {
		if _, err := unix.Read(launchedFD, make([]byte, 1)); err != unix.EINTR {
			_ = unix.Close(launchedFD)
			return
		}
	}
}
