package main

import (
	"fmt"
	"os"

	"torpor/kvm/wire"
)

// A guest is what init knows of the machine it runs.
type guest struct {
	config  wire.Config
	control *control
	group   *group
	fuse    []int // a descriptor of /dev/fuse for each mount
	boot    wire.Boot
}

// run goes from an empty machine to the end of the function.
func (g *guest) run() error {
	if err := mountEarly(); err != nil {
		return err
	}
	logToKernel()
	steps := []struct {
		name string
		do   func() error
	}{
		{"reading the configuration", g.readConfig},
		{"loading modules", loadModules},
		{"reading the clock", reached(&g.boot.Modules)},
		{"tuning the kernel", tune},
		{"calling the host", g.callHost},
		{"setting limits", g.makeGroup},
		{"mounting folders of the host", g.openShares},
		{"mounting the root", g.mountRoot},
		{"setting up the machine", g.setUp},
		{"mounting folders of the host", g.mountShares},
		{"reading the clock", reached(&g.boot.Root)},
		{"listening for connections", listenProxy},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return g.runFunction()
}

func (g *guest) readConfig() error {
	data, err := os.ReadFile(wire.ConfigPath)
	if err != nil {
		return err
	}
	g.config, err = wire.DecodeConfig(data)
	return err
}

func (g *guest) callHost() error {
	c, err := dialControl()
	g.control = c
	return err
}

// fatal tells the host, if that is possible yet, and the kernel's log.
func (g *guest) fatal(err error) {
	fmt.Fprintln(os.Stderr, "torpor: fatal:", err)
	if g.control != nil {
		g.control.last(wire.Message{Op: wire.Fatal, Error: err.Error()})
	}
}
