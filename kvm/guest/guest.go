// Package guest holds init, the program that runs first in a function's virtual machine.
//
// Init (torpor/kvm/guest/init) is a small static program of its own. It is built before
// torpor and embedded here; torpor without it is whole but for functions in virtual machines.
package guest

import (
	"bytes"
	"embed"
	"errors"
)

//go:embed program
var program embed.FS

// ErrNotBuilt says that this torpor was built without init.
var ErrNotBuilt = errors.New(`this torpor was built without the program that runs first in a virtual machine: build it with "make build"`)

// Init returns init's binary, an ELF file of about 2.5 MiB. Callers must not change it.
func Init() ([]byte, error) {
	data, err := program.ReadFile("program/init")
	if err != nil || !bytes.HasPrefix(data, []byte("\x7fELF")) {
		return nil, ErrNotBuilt
	}
	return data, nil
}
