// Runsc is gVisor's own command line, of the version that torpor uses, so that its checkpoint and restore can be
// measured beside torpor's hibernation. Only the bench builds it.
package main

import "gvisor.dev/gvisor/runsc/cli/maincli"

func main() { maincli.Main() }
