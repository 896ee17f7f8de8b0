package systemd

import (
	"fmt"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// Supervised tells whether a service manager waits for notifications.
func Supervised() bool { return os.Getenv("NOTIFY_SOCKET") != "" }

// Ready tells that the daemon serves, or serves again after [Reloading].
func Ready() error { return notify(daemon.SdNotifyReady) }

// Reloading tells that the daemon reads its configuration anew (sd_notify(3)).
func Reloading() error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return fmt.Errorf("systemd: reading the clock: %w", err)
	}
	return notify(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/1000))
}

// Stopping tells that the daemon is on its way out.
func Stopping() error { return notify(daemon.SdNotifyStopping) }

// Status sets the line that "systemctl status" shows.
func Status(line string) error { return notify("STATUS=" + line) }

// Alive tells that the daemon works, see [WatchdogInterval].
func Alive() error { return notify(daemon.SdNotifyWatchdog) }

// WatchdogInterval is how often [Alive] has to be called, half of WatchdogSec; 0
// where nobody watches.
func WatchdogInterval() (time.Duration, error) {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0, fmt.Errorf("systemd: watchdog: %w", err)
	}
	return limit / 2, nil
}

func notify(state string) error {
	if _, err := daemon.SdNotify(false, state); err != nil {
		return fmt.Errorf("systemd: notifying %q: %w", state, err)
	}
	return nil
}
