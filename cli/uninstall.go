package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"torpor/api"
	"torpor/install"
	"torpor/systemd"
)

// uninstallFlags are those of uninstall.
type uninstallFlags struct {
	layout install.Layout
	live   bool // this machine, not a folder
	dry    bool
	purge  bool
}

func (a *app) uninstallCommand() *cobra.Command {
	var f uninstallFlags
	var logs logFlags
	c := &cobra.Command{
		Use:   "uninstall [--prefix DIR] [--root DIR] [--purge] [--dry-run]",
		Short: "Stop torpor and its functions, and remove what install has put in place",
		Long: `Stop the daemon and then, as nothing would look after them any more, every function;
give up swap space and control groups; remove the files that install has written and
that are still as they were. The configuration and the state folder stay; with --purge
the state folder goes too.`,
		Example: "  sudo torpor uninstall\n  sudo torpor uninstall --purge",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if f.live, err = a.checkLayout(c, &f.layout); err != nil {
				return err
			}
			t := TeardownOptions{State: f.layout.On(install.StateDir), Runtime: f.layout.On(install.RuntimeDir)}
			log, done, err := logs.logger(c, a.stderr)
			if err != nil {
				return err
			}
			defer done()
			t.Log = log
			return a.uninstall(c.Context(), f, t)
		},
	}
	layoutFlags(c, &f.layout)
	c.Flags().BoolVar(&f.dry, "dry-run", false, "say what would be done, and do nothing")
	c.Flags().BoolVar(&f.purge, "purge", false, "remove "+install.StateDir+" too: images, records, output, swap")
	logs.add(c)
	return c
}

func (a *app) uninstall(ctx context.Context, f uninstallFlags, t TeardownOptions) error {
	if f.live && !f.dry && !a.host().Root() {
		return fmt.Errorf("only root may remove files below %s: try again with sudo, or see what would be done with --dry-run", f.layout.Prefix)
	}
	removal, err := f.layout.PlanRemoval()
	if err != nil {
		return removalHint(err)
	}
	sockets, err := install.PlanSockets(f.layout.On(install.SocketDir), nil)
	if err != nil {
		return err
	}
	if f.live {
		if err := a.stopAll(ctx, sockets, t, f.dry); err != nil {
			return err
		}
	}
	if !f.dry {
		if err := errors.Join(sockets.Apply(), removal.Apply()); err != nil {
			return err
		}
	}
	a.showSteps(sockets.Steps, filepath.Clean)
	a.showSteps(removal.Steps, f.layout.On)
	if f.live && a.host().Booted() {
		if err := a.runAll(ctx, []command{systemctl("daemon-reload"), {"journalctl", "--update-catalog"}}, f.dry); err != nil {
			return err
		}
	}
	return a.sayWhatIsLeft(f)
}

func removalHint(err error) error {
	if errors.Is(err, install.ErrNotInstalled) {
		return fmt.Errorf("%w: give another --prefix; what came as a Debian package is removed with apt", err)
	}
	return err
}

// stopAll stops the daemon with its sockets, which would start it again, and then
// its functions.
func (a *app) stopAll(ctx context.Context, sockets *install.SocketPlan, t TeardownOptions, dry bool) error {
	if a.host().Booted() {
		stop := systemctl(append([]string{"disable", "--now"}, append(sockets.Names(install.Removed), systemd.ServiceName)...)...)
		if err := a.runAll(ctx, []command{stop}, dry); err != nil {
			a.complain(err.Error()) // a daemon that still runs is found below
		}
	}
	a.printf("%-8s torpor teardown\n", "run")
	if dry {
		return nil
	}
	release, err := api.Lock(t.Runtime)
	if err != nil {
		return err
	}
	defer release()
	return a.deps.Teardown(ctx, t)
}

// sayWhatIsLeft names the folders that are the user's, or removes the one that can
// be made anew.
func (a *app) sayWhatIsLeft(f uninstallFlags) error {
	state := f.layout.On(install.StateDir)
	gone := []string{f.layout.On(install.RuntimeDir)}
	if f.purge {
		a.printf("%-8s %s\n", install.Removed, state)
		gone = append(gone, state)
	}
	for _, dir := range gone {
		if f.dry {
			break
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove the state: %w", err)
		}
	}
	for _, dir := range []string{f.layout.On(install.ConfigDir), state} {
		if _, err := os.Stat(dir); err == nil && !(f.purge && dir == state) {
			a.printf("%-8s %s\n", install.Kept, dir)
		}
	}
	return nil
}
