package systemd

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/coreos/go-systemd/v22/util"
)

// Booted tells whether systemd is PID 1 here.
func Booted() bool { return util.IsRunningSystemd() }

// Version is that of the systemd that is installed here, such as 252.
func Version(ctx context.Context) (int, error) {
	out, err := exec.CommandContext(ctx, "systemctl", "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("systemd: asking for its version: %w", err)
	}
	var n int
	if _, err := fmt.Sscanf(string(out), "systemd %d", &n); err != nil {
		return 0, fmt.Errorf("systemd: no version in %q: %w", out, err)
	}
	return n, nil
}
