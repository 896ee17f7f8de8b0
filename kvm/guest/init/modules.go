package main

import (
	"bytes"
	"encoding/binary"
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
	module, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	err = unix.InitModule(unsigned(module), "")
	if errors.Is(err, unix.EKEYREJECTED) || errors.Is(err, unix.EPERM) { // of a kernel that wants them signed
		err = unix.InitModule(module, "")
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

// unsigned cuts off what signs a module, which would take longer to verify than all the rest. It comes from where
// the kernel does, and nobody could have changed it on the way.
func unsigned(module []byte) []byte {
	const mark, trailer = "~Module signature appended~\n", 12 // of which the last four bytes are the signature's length
	body, signed := bytes.CutSuffix(module, []byte(mark))
	if !signed || len(body) < trailer {
		return module
	}
	length := uint64(binary.BigEndian.Uint32(body[len(body)-4:]))
	if length > uint64(len(body)-trailer) {
		return module
	}
	return body[:uint64(len(body)-trailer)-length]
}
