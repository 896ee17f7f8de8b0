// Rehearsal boots init in a machine that has no monitor yet: it plays the host's part inside the machine,
// over the loopback of vsock, and the function's. The tests of package guest start it as the first program
// of a machine of QEMU's, where it runs init in a PID namespace, so that init is the first program there.
package main

import (
	"fmt"
	"os"
)

func main() {
	if os.Getpid() == 1 && len(os.Args) < 2 {
		rehearse()
		return
	}
	if len(os.Args) == 2 {
		if role, ok := functions[os.Args[1]]; ok {
			role()
			return
		}
	}
	fmt.Fprintln(os.Stderr, "rehearsal: unknown function")
	os.Exit(2)
}
