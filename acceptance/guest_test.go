//go:build acceptance

package acceptance

import (
	"os"
	"testing"
)

const (
	vm     = "vm"     // a virtual machine with a Debian of its own
	nspawn = "nspawn" // a container with systemd on the host's kernel
)

// guest tells where the tests run: vm or nspawn.
func guest() string { return os.Getenv("TORPOR_GUEST") }

func inGuest() bool { return guest() == vm || guest() == nspawn }

// needsVM skips a test about the kernel or its modules in a container, which has the host's.
func needsVM(t *testing.T) {
	t.Helper()
	if guest() != vm {
		t.Skip("only a virtual machine has a kernel of its own")
	}
}
