package install

import (
	"fmt"
	"path/filepath"
)

// Layout is where the files of an installation go.
type Layout struct {
	Root   string // what stands for "/"; empty is "/" itself
	Prefix string // "/usr/local" or "/usr": systemd looks for units below no other
}

// The folders that stay when torpor goes.
const (
	ConfigDir  = "/etc/torpor"
	StateDir   = "/var/lib/torpor"
	RuntimeDir = "/run/torpor"
	// SocketDir is where the units made of declarations go.
	SocketDir = "/etc/systemd/system"
)

// Check says what is wrong with a layout.
func (l Layout) Check() error {
	if l.Prefix != "/usr/local" && l.Prefix != "/usr" {
		return fmt.Errorf("the prefix cannot be %q: systemd looks for units below /usr/local and /usr only", l.Prefix)
	}
	return nil
}

// Binary is the path that the program will have.
func (l Layout) Binary() string { return l.Prefix + "/bin/torpor" }

// Manifest is the path of the list of what was installed.
func (l Layout) Manifest() string { return l.Prefix + "/share/torpor/manifest.json" }

// On is where a path of the installation is for this process.
func (l Layout) On(path string) string { return filepath.Join("/", l.Root, path) }
