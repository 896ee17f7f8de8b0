package appliance

import (
	"torpor/sandbox"
	"torpor/systemd"
)

// stream is where a function's output goes; nil keeps it in a file.
func (d *daemon) stream(function string) *sandbox.Stream {
	if d.Journal == "" {
		return nil
	}
	unit := nodeName(d.Runtime) + "-" + function + ".scope"
	return &sandbox.Stream{Socket: d.Journal, Header: systemd.StreamHeader(function, unit)}
}
