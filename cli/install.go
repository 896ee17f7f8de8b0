package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"torpor/install"
	"torpor/systemd"
)

// installFlags are those of install.
type installFlags struct {
	layout  install.Layout
	live    bool // this machine, not a folder
	dry     bool
	noStart bool
	force   bool
}

func (a *app) installCommand(root *cobra.Command) *cobra.Command {
	var f installFlags
	c := &cobra.Command{
		Use:   "install [--prefix DIR] [--root DIR] [--no-start] [--force] [--dry-run]",
		Short: "Put torpor on this machine, and start it",
		Long: `Put this program, the units of systemd, manual pages and completions in place, have
systemd start the daemon now and with each boot, and open the sockets that the
configuration has it open. Once more, with a later version, it upgrades: functions go
on meanwhile. Files that were changed since are not overwritten unless --force is given,
and configuration never is.`,
		Example: "  sudo torpor install\n  torpor install --dry-run\n  torpor install --root /mnt/image --prefix /usr",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if f.live, err = a.checkLayout(c, &f.layout); err != nil {
				return err
			}
			return a.install(c.Context(), root, f)
		},
	}
	layoutFlags(c, &f.layout)
	c.Flags().BoolVar(&f.dry, "dry-run", false, "say what would be done, and do nothing")
	c.Flags().BoolVar(&f.noStart, "no-start", false, "leave systemd alone: files only")
	c.Flags().BoolVar(&f.force, "force", false, "overwrite what is in the way")
	return c
}

func layoutFlags(c *cobra.Command, l *install.Layout) {
	c.Flags().StringVar(&l.Prefix, "prefix", "/usr/local", "`folder` that files go below: /usr/local or /usr")
	c.Flags().StringVar(&l.Root, "root", "", "`folder` that stands for /, such as a mounted image; nothing is started")
}

// checkLayout tells whether it is the machine itself that is meant, and not a folder.
func (a *app) checkLayout(c *cobra.Command, l *install.Layout) (live bool, err error) {
	if err := l.Check(); err != nil {
		return false, wrongUsage(c, "%v", err)
	}
	if l.Root == "" {
		l.Root = a.host().Dir()
		return true, nil
	}
	return false, absolute(&l.Root)
}

func (a *app) install(ctx context.Context, root *cobra.Command, f installFlags) error {
	if err := a.mayInstall(f); err != nil {
		return err
	}
	files, err := a.installedFiles(ctx, root, f)
	if err != nil {
		return err
	}
	plan, err := f.layout.Plan(files, f.force)
	if err != nil {
		return err
	}
	sockets, err := a.planSockets(f.layout)
	if err != nil {
		return err
	}
	if !f.dry {
		if err := errors.Join(plan.Apply(), sockets.Apply()); err != nil {
			return err
		}
	}
	a.showSteps(plan.Steps, f.layout.On)
	a.showSteps(sockets.Steps, filepath.Clean)
	starts := f.live && !f.noStart
	if starts {
		if err := a.runAll(ctx, startCommands(plan, sockets), f.dry); err != nil {
			return err
		}
	}
	if !f.dry {
		a.sayWhatIsNext(f.layout, starts)
	}
	return nil
}

// mayInstall says what keeps a real installation from being made here.
func (a *app) mayInstall(f installFlags) error {
	if !f.live {
		return nil
	}
	if rival := f.layout.Rival(); rival != "" && !f.force {
		return fmt.Errorf("torpor is installed here in another way already, as %s shows: a Debian package is upgraded with apt, or removed first", rival)
	}
	switch {
	case f.dry:
		return nil
	case !a.host().Root():
		return fmt.Errorf("only root may write below %s: try again with sudo, or see what would be done with --dry-run", f.layout.Prefix)
	case !f.noStart && !a.host().Booted():
		return errors.New("systemd is not PID 1 here: install into an image with --root DIR, only put files in place with --no-start, or run the daemon with `torpor run`")
	}
	return nil
}

func (a *app) installedFiles(ctx context.Context, root *cobra.Command, f installFlags) ([]install.File, error) {
	parts := install.Parts{SystemdVersion: systemd.OldestVersion, Completions: map[string][]byte{}}
	var err error
	if parts.Binary, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program's file: %w", err)
	}
	if f.live && a.host().Booted() {
		if parts.SystemdVersion, err = a.host().SystemdVersion(ctx); err != nil {
			return nil, err
		}
	}
	for _, shell := range shells() {
		if parts.Completions[shell], err = completion(root, shell); err != nil {
			return nil, err
		}
	}
	return f.layout.Files(parts)
}

// startCommands have systemd know what is new, and run it.
func startCommands(plan *install.Plan, sockets *install.SocketPlan) []command {
	commands := []command{systemctl("daemon-reload"), {"journalctl", "--update-catalog"}}
	commands = append(commands, systemctl(append([]string{"enable", systemd.ServiceName}, sockets.Names(install.New, install.Changed, install.Same)...)...))
	if !plan.Changes() && !sockets.Changes() {
		return append(commands, systemctl("start", systemd.ServiceName))
	}
	return append(commands, restartCommands(sockets)...)
}

// showSteps says what becomes of each file, which is on disk where on says.
func (a *app) showSteps(steps []install.Step, on func(string) string) {
	for _, s := range steps {
		a.printf("%-8s %s  %s\n", s.State, on(s.Path), size(s.Size))
	}
}

func (a *app) sayWhatIsNext(l install.Layout, started bool) {
	switch {
	case !l.Configured():
		a.printf("no functions are declared yet: see %s and man torpor.hcl\n", l.On(install.ExamplePath))
	case started:
		a.printf("torpor runs: see torpor status\n")
	}
}
