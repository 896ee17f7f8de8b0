// Init is what runs first in a function's virtual machine, and there for nothing else: it
// mounts the function's root, runs the function, and carries its connections, its output and
// the host's wishes. What it says to the host is in package wire.
//
// It is a program of its own, as torpor itself would take more of a guest's memory than
// many a function.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
)

// gcPercent keeps the heap, which has a few live bytes only, from doubling.
const gcPercent = 20

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "init: this runs as the first program of a torpor function's virtual machine, and nowhere else")
		os.Exit(2)
	}
	debug.SetGCPercent(gcPercent)
	g := &guest{}
	_ = reached(&g.boot.Init)()
	if err := g.run(); err != nil {
		g.fatal(err)
	}
	powerOff()
}
