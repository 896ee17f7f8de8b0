package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"torpor/install"
	"torpor/spec"
	"torpor/systemd"
)

func (a *app) unitsCommand() *cobra.Command {
	config := defaultConfig
	c := &cobra.Command{
		Use:   "units DIR [--config DIR]",
		Short: "Write the .socket units that the configuration asks for",
		Long: `Write a .socket unit for each listener with socket = "NAME" into a folder of units,
and remove those that it wrote there for listeners that are gone. Other files are left
alone. What to run then is printed: systemd opens these sockets, at boot and over
restarts of the daemon, and hands them to it.`,
		Example:           "  torpor units /etc/systemd/system",
		Args:              arguments(1, 1, "the DIR of units"),
		ValidArgsFunction: completeFolder,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := absolute(&args[0], &config); err != nil {
				return err
			}
			return a.units(args[0], config)
		},
	}
	c.Flags().StringVar(&config, "config", defaultConfig, "`folder` of HCL files")
	return c
}

func (a *app) units(dir, config string) error {
	loaded, diags, sources := spec.Load(config)
	if diags.HasErrors() {
		return errors.Join(a.writeDiagnostics(sources, diags), errors.New(count(errorsIn(diags), "mistake")+" found: no unit was touched"))
	}
	units := install.Sockets(loaded.Functions)
	plan, err := install.PlanSockets(dir, units)
	if err != nil {
		return err
	}
	if err := plan.Apply(); err != nil {
		return err
	}
	a.showSockets(plan, units)
	a.sayWhatToRun(plan)
	return nil
}

// showSockets says what became of each unit, and where it listens.
func (a *app) showSockets(plan *install.SocketPlan, units []systemd.SocketUnit) {
	if len(plan.Steps) == 0 {
		a.printf("no listener has a socket: nothing to write\n")
	}
	at := map[string]systemd.SocketUnit{}
	for _, u := range units {
		at[u.FileName()] = u
	}
	for _, s := range plan.Steps {
		line := fmt.Sprintf("%-8s %s", s.State, s.Path)
		if u, wanted := at[filepath.Base(s.Path)]; wanted {
			line += "  listens on " + u.Address
			if u.Note != "" {
				line += ", as the declaration has no address"
			}
		}
		a.printf("%s\n", line)
	}
}

func (a *app) sayWhatToRun(plan *install.SocketPlan) {
	if !plan.Changes() {
		return
	}
	commands := []command{systemctl("daemon-reload")}
	if names := plan.Names(install.New, install.Changed); len(names) > 0 {
		commands = append(commands, systemctl(append([]string{"enable"}, names...)...))
	}
	commands = append(commands, restartCommands(plan)...)
	var lines []string
	for _, c := range commands {
		lines = append(lines, c.String())
	}
	a.printf("now run: %s\n", strings.Join(lines, " && "))
}

// restartCommands have the daemon take new sockets. Those that are open stay so; but
// systemd opens one on another address, or closes one, only while the daemon, which
// holds it, does not run.
func restartCommands(plan *install.SocketPlan) []command {
	moved := plan.Names(install.Changed, install.Removed)
	if len(moved) == 0 {
		return []command{systemctl("restart", systemd.ServiceName)}
	}
	return []command{systemctl(append([]string{"stop"}, append(moved, systemd.ServiceName)...)...), systemctl("start", systemd.ServiceName)}
}

// planSockets is for install: what the configuration asks for, if there is one that
// can be read.
func (a *app) planSockets(l install.Layout) (*install.SocketPlan, error) {
	if !l.Configured() {
		return &install.SocketPlan{}, nil
	}
	config := l.On(install.ConfigDir)
	loaded, diags, _ := spec.Load(config)
	if diags.HasErrors() {
		a.complain(fmt.Sprintf("sockets are left as they are, as there are mistakes in %s: see torpor check, then torpor units", config))
		return &install.SocketPlan{}, nil
	}
	return install.PlanSockets(l.On(install.SocketDir), install.Sockets(loaded.Functions))
}
