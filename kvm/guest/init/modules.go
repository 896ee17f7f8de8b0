package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

func loadModules() error {
	list, err := os.ReadFile(wire.ModulesPath)
	if err != nil {
		return err
	}
	for _, line := range strings.Fields(string(list)) {
		file, optional := strings.CutPrefix(line, wire.OptionalModule)
		if err := loadModule(filepath.Join(filepath.Dir(wire.ModulesPath), file)); err != nil && !optional {
			return err
		}
	}
	return nil
}

// loadModule loads one, which may be in the kernel already.
func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), "", 0)
	switch {
	case err == nil, errors.Is(err, unix.EEXIST):
		return nil
	case errors.Is(err, unix.EKEYREJECTED):
		return fmt.Errorf("%s: this kernel takes signed modules only (%w): choose another kernel for virtual machines", filepath.Base(path), err)
	}
	return fmt.Errorf("%s: %w", filepath.Base(path), err)
}
