package gvisor

import (
	"debug/elf"
	"errors"
	"fmt"
)

// requireStatic refuses a binary that needs a dynamic linker: a sandbox changes
// its root and then executes the binary again, where no linker is to be found.
// The message of that is misleading.
func requireStatic() error {
	exe, err := elf.Open("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("gvisor: reading own binary: %w", err)
	}
	defer exe.Close()
	for _, p := range exe.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("gvisor: this binary is linked dynamically and cannot run in a sandbox: build it with CGO_ENABLED=0")
		}
	}
	return nil
}
