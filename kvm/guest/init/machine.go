package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// setUp makes the machine the function's: its name, its loopback.
func (g *guest) setUp() error {
	if err := unix.Sethostname([]byte(g.config.Hostname)); err != nil {
		return fmt.Errorf("setting the host name %q: %w", g.config.Hostname, err)
	}
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("bringing loopback up: %w", err)
	}
	return nil
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

// reportOrder is the smallest run of free pages that the host is told of: 2 to the power
// of it. The kernel's own, 2 MiB, is rarely free in one piece in a small guest.
const reportOrder = "4"

// datagramRoom is what a UDP socket of the function has room for, in bytes as the kernel
// counts them: all that the host may hold back while the function sleeps.
const datagramRoom = "8388608"

// tune sets what the kernel's command line might not have. A kernel without one of these
// works too.
func tune() error {
	for path, value := range map[string]string{
		"/proc/sys/kernel/panic":                                     "-1", // end at once
		"/proc/sys/kernel/panic_on_oops":                             "1",
		"/sys/module/page_reporting/parameters/page_reporting_order": reportOrder,
		"/proc/sys/net/core/rmem_default":                            datagramRoom,
	} {
		_ = os.WriteFile(path, []byte(value), 0)
	}
	return nil
}

// powerOff ends the machine. It reboots, as a panic does, so that the monitor has one kind
// of end to look for.
func powerOff() {
	unix.Sync()
	err := unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	panic(fmt.Sprintf("reboot: %v", err)) // of the first program: the kernel panics too
}
