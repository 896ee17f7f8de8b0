package initramfs

import (
	"fmt"
	"path"
	"strings"

	"torpor/kvm/wire"
)

// Build returns the archive of init and the wanted modules, about 5 MiB.
func Build(k Kernel, wants []Want, init []byte) ([]byte, error) {
	modules, err := k.Order(wants)
	if err != nil {
		return nil, err
	}
	var a archive
	for _, folder := range []string{"proc", "sys", "root"} {
		a.folder(folder)
	}
	// Go's runtime opens /dev/null before init can mount anything.
	a.device("dev/null", 1, 3)
	a.device("dev/console", 5, 1)
	a.file(wire.InitPath, 0o755, init)
	var list strings.Builder
	for _, m := range modules {
		data, err := readModule(m.Path)
		if err != nil {
			return nil, err
		}
		file := m.Name + ".ko"
		a.file(path.Join(path.Dir(wire.ModulesPath), file), 0o644, data)
		if m.Optional {
			list.WriteString(wire.OptionalModule)
		}
		fmt.Fprintln(&list, file)
	}
	a.file(wire.ModulesPath, 0o644, []byte(list.String()))
	return a.finish(), nil
}

// Config returns the archive that tells one guest what to run. It follows the one of
// Build in memory. It may hold secrets.
func Config(c wire.Config) ([]byte, error) {
	data, err := c.Encode()
	if err != nil {
		return nil, err
	}
	var a archive
	a.file(wire.ConfigPath, 0o600, data)
	return a.finish(), nil
}
