package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// ownFiles is how many descriptors init may have: two for each connection.
const ownFiles = 1 << 20

// runFunction starts the function and returns when all of it has ended, and its output and
// its end have been told.
func (g *guest) runFunction() error {
	out, err := openOutput(int(g.config.UID), int(g.config.GID))
	if err != nil {
		return fmt.Errorf("forwarding output: %w", err)
	}
	pid, err := g.start(out.function)
	if err != nil {
		return err
	}
	spare()
	g.control.serve(pid)
	if err := reached(&g.boot.Started)(); err != nil {
		return err
	}
	if err := g.control.send(wire.Message{Op: wire.Started, Boot: &g.boot}); err != nil {
		return err
	}
	status := reap(pid)
	g.control.functionEnded()
	if err := g.group.kill(); err != nil {
		return err
	}
	reapAll()
	g.closeShares()
	out.finish()
	g.control.last(wire.Message{Op: wire.Exited, Code: exitCode(status), OOMKills: oomKills()})
	return nil
}

// spare keeps init from what is now the function's: its limit, and the choice of a victim
// when memory runs out.
func spare() {
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: ownFiles, Max: ownFiles})
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("-1000"), 0)
}
