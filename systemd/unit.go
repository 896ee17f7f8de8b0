package systemd

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"
)

//go:embed units
var units embed.FS

// The units that torpor installs.
const (
	ServiceName = "torpor.service"
	SliceName   = "torpor.slice"
)

// OldestVersion of systemd that the units are for: Debian 12's.
const OldestVersion = 252

// notifyReloadVersion is the first systemd that knows Type=notify-reload.
const notifyReloadVersion = 253

// ServiceUnit is the text of torpor.service for a systemd of this version. The
// binary is an absolute path.
func ServiceUnit(binary string, version int) ([]byte, error) {
	text, err := template.ParseFS(units, "units/"+ServiceName)
	if err != nil {
		return nil, fmt.Errorf("systemd: %s: %w", ServiceName, err)
	}
	var out bytes.Buffer
	err = text.Execute(&out, struct {
		Binary       string
		NotifyReload bool
	}{escape(binary), version >= notifyReloadVersion})
	if err != nil {
		return nil, fmt.Errorf("systemd: %s: %w", ServiceName, err)
	}
	return out.Bytes(), nil
}

// SliceUnit is the text of torpor.slice, which the daemon and its functions are
// in.
func SliceUnit() ([]byte, error) { return units.ReadFile("units/" + SliceName) }
