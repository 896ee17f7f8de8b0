package install

import (
	"fmt"
	"os"
	"path/filepath"

	"torpor/systemd"
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

// Rival is the unit of another installation, "" if there is none: below another
// prefix or, as Debian's package is, below this one without our list of it.
func (l Layout) Rival() string {
	for _, prefix := range []string{"/usr", "/usr/local"} {
		other := Layout{Root: l.Root, Prefix: prefix}
		unit := other.On(other.unit(systemd.ServiceName))
		_, unitErr := os.Stat(unit)
		_, listErr := os.Stat(other.On(other.Manifest()))
		listed := listErr == nil || prefix != "/usr" // what else is in /usr/local was put there by hand
		if unitErr == nil && (prefix != l.Prefix || !listed) {
			return unit
		}
	}
	return ""
}

func (l Layout) unit(name string) string { return l.Prefix + "/lib/systemd/system/" + name }

// Binary is the path that the program will have.
func (l Layout) Binary() string { return l.Prefix + "/bin/torpor" }

// Manifest is the path of the list of what was installed.
func (l Layout) Manifest() string { return l.Prefix + "/share/torpor/manifest.json" }

// On is where a path of the installation is for this process.
func (l Layout) On(path string) string { return filepath.Join("/", l.Root, path) }
