//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// entry is one of the journal's.
type entry struct {
	at         time.Time // when it was received
	priority   int       // 0, an emergency, to 7, for debugging; -1 if it has none
	identifier string    // SYSLOG_IDENTIFIER
	unit       string    // _SYSTEMD_UNIT: of the process that wrote it
	message    string
	fields     map[string]string // all of them; of one that is there twice the last
}

// journal returns the entries that journalctl finds with these arguments, such as "--unit", "torpor", "--boot", oldest
// first. What was written just before is there.
func journal(t *testing.T, args ...string) []entry {
	t.Helper()
	run(t, "journalctl", "--sync")
	out := run(t, "journalctl", append([]string{"--no-pager", "--all", "--output=json"}, args...)...)
	var entries []entry
	for line := range strings.Lines(out) {
		e, err := parseEntry([]byte(line))
		if err != nil {
			t.Fatalf("journalctl %v: %v in %s", args, err, line)
		}
		entries = append(entries, e)
	}
	return entries
}

func parseEntry(line []byte) (entry, error) {
	var raw map[string]field
	if err := json.Unmarshal(line, &raw); err != nil {
		return entry{}, err
	}
	e := entry{priority: -1, fields: make(map[string]string, len(raw))}
	for name, value := range raw {
		e.fields[name] = string(value)
	}
	e.identifier, e.unit, e.message = e.fields["SYSLOG_IDENTIFIER"], e.fields["_SYSTEMD_UNIT"], e.fields["MESSAGE"]
	micros, err := strconv.ParseInt(e.fields["__REALTIME_TIMESTAMP"], 10, 64)
	if err != nil {
		return entry{}, err
	}
	e.at = time.UnixMicro(micros)
	if text, found := e.fields["PRIORITY"]; found {
		e.priority, err = strconv.Atoi(text)
	}
	return e, err
}

// field is a value as journalctl prints it: a string, or a list of bytes if it is not one that can be printed, or a
// list of values if the field is there more than once.
type field string

func (f *field) UnmarshalJSON(data []byte) error {
	var text *string // nil for null: too large, which --all prevents
	if json.Unmarshal(data, &text) == nil && text != nil {
		*f = field(*text)
		return nil
	}
	var bytes []uint16 // a []byte would be base64
	if json.Unmarshal(data, &bytes) == nil {
		var b strings.Builder
		for _, c := range bytes {
			b.WriteByte(byte(c))
		}
		*f = field(b.String())
		return nil
	}
	var several []field
	if json.Unmarshal(data, &several) == nil && len(several) > 0 {
		*f = several[len(several)-1]
		return nil
	}
	return fmt.Errorf("a field is %s", data)
}
