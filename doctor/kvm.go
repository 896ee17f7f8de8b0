package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"torpor/cgroup/interrupt"
)

const (
	// A processor does a thousand million instructions a second, an emulator of
	// each one a few million. Below this a guest does not boot in any useful time.
	emulatedBelow = 50e6
	enough        = 50 * time.Millisecond // for a round that counts
	guestTime     = time.Second           // in all
)

const onlyGVisor = "functions run in gVisor, which needs no KVM; for microVMs "

// kvm runs a guest: that the device opens says little.
func kvm(ctx context.Context, device string) Finding {
	const name = "kvm"
	if runtime.GOARCH != "amd64" {
		return warn(name, "not looked at on "+runtime.GOARCH, onlyGVisor+"use x86-64")
	}
	speed, err := guestSpeed(ctx, device)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return warn(name, "no "+device, onlyGVisor+"load kvm_intel or kvm_amd, and switch virtualisation on in the firmware or the hypervisor")
	case errors.Is(err, fs.ErrPermission):
		return warn(name, device+" is not for this user", onlyGVisor+"run as root")
	case err != nil:
		return warn(name, device+" does not work: "+err.Error(), onlyGVisor+"see what the kernel says about kvm: dmesg | grep kvm")
	case speed < emulatedBelow:
		return warn(name, "emulated: "+millions(speed), onlyGVisor+"use a machine with hardware virtualisation")
	}
	return ok(name, "in hardware: "+millions(speed))
}

func millions(speed float64) string {
	return fmt.Sprintf("%.3g million instructions/s", speed/1e6)
}

// guestSpeed runs ever longer countdowns until one takes long enough, and
// returns its instructions per second.
func guestSpeed(ctx context.Context, device string) (speed float64, err error) {
	g, err := newGuest(device)
	if err != nil {
		return 0, err
	}
	defer g.close()
	ctx, cancel := context.WithTimeout(ctx, guestTime)
	defer cancel()
	for count := uint64(1000); ; count *= 4 {
		if err := g.prepare(count); err != nil {
			return 0, err
		}
		start := time.Now()
		err := interrupt.Call(ctx, g.run)
		if err != nil && speed > 0 && ctx.Err() != nil {
			return speed, nil // of the round before
		}
		if err != nil {
			return 0, fmt.Errorf("run a guest: %w", err)
		}
		spent := time.Since(start)
		speed = float64(2*count) / spent.Seconds()
		if spent >= enough {
			return speed, nil
		}
	}
}
