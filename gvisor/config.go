package gvisor

import (
	"fmt"

	"gvisor.dev/gvisor/runsc/config"
	"gvisor.dev/gvisor/runsc/flag"

	"torpor/sandbox"
)

// runscConfig is gVisor's configuration of the sandbox kept in dir.
func runscConfig(dir string, c sandbox.Config) (*config.Config, error) {
	flags := flag.NewFlagSet("torpor", flag.ContinueOnError)
	config.RegisterFlags(flags)
	overlay := "root:memory"
	if c.ScratchDir != "" {
		overlay = "root:dir=" + c.ScratchDir
	}
	for name, value := range map[string]string{
		"root":           dir,
		"log":            logPath(dir),
		"panic-log":      panicPath(dir),
		"platform":       "systrap",
		"network":        "host",
		"overlay2":       overlay,
		"ignore-cgroups": "true",
		"host-settings":  "ignore",
		// A huge page is swapped in whole for one touched byte.
		"app-huge-pages": "false",
	} {
		if err := flags.Set(name, value); err != nil {
			return nil, fmt.Errorf("gvisor: setting %s=%s: %w", name, value, err)
		}
	}
	conf, err := config.NewFromFlags(flags)
	if err != nil {
		return nil, fmt.Errorf("gvisor: configuration: %w", err)
	}
	return conf, nil
}
