package appliance

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"torpor/systemd"
)

// rereadOnHangup reads the files anew with each SIGHUP, until ctx ends. They are
// watched all the same: this is for who wants to be sure, and for "systemctl
// reload".
func (d *daemon) rereadOnHangup(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			d.reread(ctx)
		}
	}
}

// reread reads the files anew and returns when they are in force, or refused.
func (d *daemon) reread(ctx context.Context) {
	d.notify(systemd.Reloading())
	d.watch.readNow(ctx)
	done := make(chan struct{})
	d.post(func() { close(done) }) // after what readNow posted
	select {
	case <-done:
	case <-d.closed:
	}
	d.notify(systemd.Ready())
}
