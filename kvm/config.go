package kvm

import (
	"errors"
	"fmt"
	"os"

	"torpor/kvm/machine"
	"torpor/kvm/memory"
	"torpor/kvm/share"
)

// Config says what one sandbox runs.
type Config struct {
	// ID names the sandbox on this node: [a-z0-9-], at most 40 bytes.
	ID string
	// Kernel is an ELF or bzImage; see [Kernels]. The caller keeps it.
	Kernel *os.File
	// Initramfs are archives that are unpacked one after the other; the caller keeps
	// them, and the same file may serve any number of sandboxes.
	Initramfs []*os.File
	// CommandLine is added to what each kernel is told.
	CommandLine string
	// Memory is how many bytes the guest has. It is rounded down to whole pages.
	Memory uint64
	// CPUs is how many processors it has, at least 1. The cgroup says how much of
	// the host's it may use.
	CPUs int
	// Disks are /dev/vda and so on, in their order.
	Disks []Disk
	// Shares are the directories and files of the host that the guest is shown, in the
	// order of its configuration.
	Shares []share.Share
	// OutputPath is the file that takes the function's stdout and stderr, appended to.
	// Output takes them instead if it is not nil, a file or a stream that the caller keeps;
	// the file is then for what that does not take any more.
	OutputPath string
	Output     *os.File
}

// Disk is a file of the host that the guest has as a disk.
type Disk struct {
	Name     string // its serial number in the guest, at most 20 bytes
	Path     string
	ReadOnly bool
}

const minMemory = 64 << 20

// MaxShares is how many shares a sandbox can have.
const MaxShares = 64

// MaxDisks is how many disks a sandbox can have.
const MaxDisks = machine.MaxDevices - 4

func (c Config) check() error {
	switch {
	case c.ID == "" || len(c.ID) > 40:
		return fmt.Errorf("the ID %q has not 1 to 40 bytes", c.ID)
	case c.Kernel == nil:
		return errors.New("no kernel is given")
	case c.Memory < minMemory:
		return fmt.Errorf("a virtual machine with %d bytes of memory does not boot: give it at least %d MiB", c.Memory, minMemory>>20)
	case c.CPUs < 1 || c.CPUs > machine.MaxCPUs:
		return fmt.Errorf("a virtual machine has 1 to %d processors, not %d", machine.MaxCPUs, c.CPUs)
	case len(c.Disks) > MaxDisks:
		return fmt.Errorf("a virtual machine has at most %d disks, not %d", MaxDisks, len(c.Disks))
	case len(c.Shares) > MaxShares:
		return fmt.Errorf("a virtual machine has at most %d mounts, not %d", MaxShares, len(c.Shares))
	}
	return nil
}

func (c Config) memory() uint64 { return c.Memory &^ (memory.PageSize - 1) }

// CommandLine is what makes a stock kernel boot fast and end at once, with what it says
// on the console. "quiet" is first, as what was said before it is said again on the
// early console, a byte at a time.
const CommandLine = "quiet console=hvc0 earlyprintk=serial,ttyS0,115200 panic=-1 reboot=t " +
	"8250.nr_uarts=0 pci=off no_timer_check nowatchdog tsc=reliable rdinit=/init " +
	// Ciphers try themselves out for longer than all the rest takes; the host's have.
	"cryptomgr.notests " +
	// Nobody in there may trace the kernel. A kernel without one of these does not mind.
	"initcall_blacklist=ftrace_check_for_weak_functions,trace_eval_init,tracer_init_tracefs,init_kprobe_trace,init_dynamic_event,init_blk_tracer"
