//go:build acceptance

package acceptance

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	suiteDir = "/suite"          // what the host gave; see scripts/suite.sh
	binary   = "/usr/bin/torpor" // where torpor is installed
)

// debs are torpor's packages that the host has built: one, or none.
func debs() ([]string, error) { return filepath.Glob(suiteDir + "/torpor_*.deb") }

// install installs torpor's package or, without one, its binary.
func install() error {
	packages, err := debs()
	if err != nil {
		return err
	}
	if len(packages) == 0 {
		return command(suiteDir+"/torpor", "install", "--prefix", "/usr", "--no-start")
	}
	return command("dpkg", append([]string{"--install"}, packages...)...)
}

// purge removes whichever install installed.
func purge() error {
	packages, err := debs()
	if err != nil {
		return err
	}
	if len(packages) > 0 {
		return command("dpkg", "--purge", "torpor")
	}
	return command(binary, "uninstall", "--prefix", "/usr", "--purge")
}

func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
