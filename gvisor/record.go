package gvisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrGone says that a sandbox is not running any more.
var ErrGone = errors.New("sandbox is gone")

// record is what outlives the daemon about a running sandbox.
type record struct {
	ID                  string
	SentryPID, GoferPID int
	// StartTime of the Sentry in clock ticks since boot (proc(5), stat field
	// 22): with it a PID that was used again is told from the real one.
	StartTime string
}

func (r record) save(dir string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, "sandbox.json.new")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, "sandbox.json"))
}

func loadRecord(dir string) (record, error) {
	var r record
	data, err := os.ReadFile(filepath.Join(dir, "sandbox.json"))
	if errors.Is(err, os.ErrNotExist) {
		return r, fmt.Errorf("%w: it was ended, or its start was never completed", ErrGone)
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}

// startTime reads when a process started; "" when there is no such process.
func startTime(pid int) string {
	fields := statFields(pid)
	if len(fields) < 20 {
		return ""
	}
	return fields[19]
}

// statFields are the fields of /proc/PID/stat from the third on (the state):
// the second, the name in parentheses, may hold anything.
func statFields(pid int) []string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(data[strings.LastIndexByte(string(data), ')'):]), " ")
	return strings.Fields(rest)
}
