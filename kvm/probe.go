package kvm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/vm"
)

// Verdict is what a probe says of this machine's KVM.
type Verdict int

// The verdicts. A Usable one runs functions, and a Slow one those that ask for it.
const (
	Usable       Verdict = iota
	NoDevice             // there is no /dev/kvm, or nothing behind it
	NoPermission         // it is not for this user
	Incapable            // it is there and lacks something, or does not work
	Emulated             // it works, each instruction in software
	Slow                 // it works, far below the speed of hardware, as in an emulated machine
)

// Finding is the outcome of a probe.
type Finding struct {
	Verdict Verdict
	// Found is what was found, without an end mark: "in hardware: 2400 million
	// instructions/s".
	Found string
	// Advice is what to do about it, empty when it is usable.
	Advice string
}

func (f Finding) String() string { return "KVM is " + f.Found }

const (
	// A processor does some thousand million of these instructions a second, an emulator of
	// each one a few million. Below this a guest does not boot in any useful time.
	emulatedBelow = 50e6
	// Below this it is no processor that runs the guest, but a translator into another's
	// instructions: QEMU's does 1000 million of this loop, and all else, such as memory
	// and exits, far slower. Guests boot in it, in tens of seconds.
	slowBelow = 2500e6
	enough    = 50 * time.Millisecond // for a round that counts
	guestTime = time.Second           // in all
)

// needed are what monitors cannot do without.
var needed = []struct {
	capability vm.Capability
	name       string
}{
	{vm.CapUserMemory, "memory of the user's"},
	{vm.CapIRQChip, "interrupt controllers"},
	{vm.CapIRQFD, "interrupts by descriptors (irqfd)"},
	{vm.CapIOEventFD, "notifications by descriptors (ioeventfd)"},
	{vm.CapImmediateExit, "immediate exits"},
	{vm.CapTSCDeadline, "a TSC deadline timer"},
}

// Probe runs a guest on device, "/dev/kvm" if it is empty: that a device opens says
// little. It takes a second at most.
func Probe(ctx context.Context, device string) Finding {
	if device == "" {
		device = vm.Device
	}
	if runtime.GOARCH != "amd64" {
		return Finding{NoDevice, "not looked at on " + runtime.GOARCH, "use x86-64"}
	}
	system, err := vm.Open(device)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return Finding{NoDevice, "not there: no " + device, "load kvm_intel or kvm_amd, and switch virtualisation on in the firmware or the hypervisor"}
	case errors.Is(err, fs.ErrPermission):
		return Finding{NoPermission, "not for this user: " + device, "run as root"}
	case err != nil:
		return broken(device, err)
	}
	defer system.Close()
	for _, n := range needed {
		if !system.Has(n.capability) {
			return Finding{Incapable, fmt.Sprintf("not enough: %s lacks %s", device, n.name), "use a newer kernel"}
		}
	}
	speed, err := guestSpeed(ctx, system)
	switch {
	case err != nil:
		return broken(device, err)
	case speed < emulatedBelow:
		return Finding{Emulated, "emulated: " + millions(speed), "use a machine with hardware virtualisation"}
	}
	if speed < slowBelow {
		return Finding{Slow, "slow: " + millions(speed), "use a machine with hardware virtualisation"}
	}
	return Finding{Usable, "in hardware: " + millions(speed), ""}
}

func broken(device string, err error) Finding {
	return Finding{Incapable, fmt.Sprintf("of no use: %s does not work: %v", device, err), "see what the kernel says about kvm: dmesg | grep kvm"}
}

func millions(speed float64) string {
	if speed >= 10e6 {
		return fmt.Sprintf("%.0f million instructions/s", speed/1e6)
	}
	return fmt.Sprintf("%.1f million instructions/s", speed/1e6)
}

// guestSpeed runs countdowns, ever longer as they take less than enough, and returns the
// best of their instructions per second. A slow one counts for little: the machine may
// have had other things to do. So it takes all of its time where it is in doubt.
func guestSpeed(ctx context.Context, system *vm.System) (best float64, err error) {
	g, err := newCounter(system)
	if err != nil {
		return 0, err
	}
	defer g.close()
	ctx, cancel := context.WithTimeout(ctx, guestTime)
	defer cancel()
	for count := uint64(1000); ; {
		start := time.Now()
		err := g.count(ctx, count)
		if err != nil && best > 0 && ctx.Err() != nil {
			return best, nil // of the rounds before
		}
		if err != nil {
			return 0, fmt.Errorf("run a guest: %w", err)
		}
		spent := time.Since(start)
		best = max(best, float64(2*count)/spent.Seconds())
		switch {
		case spent < enough:
			count *= 4
		case best >= slowBelow, best < emulatedBelow/8: // which is no accident: the short rounds were as slow
			return best, nil
		}
	}
}
