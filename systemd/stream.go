package systemd

import (
	"bytes"
	"fmt"
	"strings"
)

// StreamSocket is where journald takes streams: a connection whose first lines are
// a [StreamHeader], and of which each further line becomes an entry. A line that
// begins with "<0>" to "<7>" has that priority, any other 6, informational.
const StreamSocket = "/run/systemd/journal/stdout"

// StreamHeader introduces a stream. The entries have this SYSLOG_IDENTIFIER; they
// belong to the unit of the process that wrote the line or, if that has ended
// before journald could look, to the unit given here.
func StreamHeader(identifier, unit string) []byte {
	const (
		priority = 6
		heed     = 1 // priorities in lines
		no       = 0 // to syslog, the kernel's log, the console
	)
	var b bytes.Buffer
	for _, line := range []any{oneLine(identifier), oneLine(unit), priority, heed, no, no, no} {
		fmt.Fprintln(&b, line)
	}
	return b.Bytes()
}

// oneLine keeps a name from being taken for two lines.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }
