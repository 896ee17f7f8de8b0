package systemd

import (
	"fmt"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready tells that the daemon serves (Type=notify).
func Ready() error { return notify(daemon.SdNotifyReady) }

// Stopping tells that the daemon is on its way out.
func Stopping() error { return notify(daemon.SdNotifyStopping) }

func notify(state string) error {
	if _, err := daemon.SdNotify(false, state); err != nil {
		return fmt.Errorf("systemd: notifying %q: %w", state, err)
	}
	return nil
}
