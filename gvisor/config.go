package gvisor

import (
	"fmt"

	"gvisor.dev/gvisor/runsc/config"
	"gvisor.dev/gvisor/runsc/flag"
)

// Config says what one sandbox runs.
type Config struct {
	// ID names the sandbox on this node: [a-z0-9-], at most 40 bytes.
	ID string
	// Hostname is what the function sees as its host's name.
	Hostname string
	// Rootfs is the root directory. The function sees it writable; what it
	// writes goes to a layer of its own.
	Rootfs string
	// ScratchDir holds that layer as a file; empty keeps it in memory.
	ScratchDir string
	// Args is the program and its arguments.
	Args []string
	// Env is "NAME=value" each.
	Env []string
	// UID, GID and Groups are the user in the sandbox.
	UID, GID uint32
	Groups   []uint32
	// WorkingDir is absolute.
	WorkingDir string
	Mounts     []Mount
	// MemoryLimit in bytes and CPUs are what the function is told it has; 0 is
	// all of the machine. The cgroup is what enforces them.
	MemoryLimit uint64
	CPUs        float64
	// OutputPath is the file that takes the function's stdout and stderr,
	// appended to.
	OutputPath string
	// OutputStream takes them instead, if it is not nil; OutputPath is then for
	// when nobody listens there any more.
	OutputStream *Stream
}

// Stream is a Unix stream socket, such as journald's, which takes output after a
// header.
type Stream struct {
	Socket string
	Header []byte
}

// Mount shows a directory or file of the host in the sandbox.
type Mount struct {
	Source, Target string
	Writable       bool
}

// runscConfig is gVisor's configuration of the sandbox kept in dir.
func runscConfig(dir string, c Config) (*config.Config, error) {
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
