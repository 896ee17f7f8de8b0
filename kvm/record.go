package kvm

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrGone says that a sandbox is not running any more.
var ErrGone = errors.New("sandbox is gone")

// The files of a sandbox's folder.
const (
	recordFile   = "record.json"
	streamsFile  = "streams.sock"
	commandsFile = "commands.sock"
	consoleFile  = "console.log"
	exitFile     = "exit.json"
)

// record is what a daemon needs to find a sandbox again.
type record struct {
	ID        string
	PID       int
	StartTime string // of the process, which tells it from a later one of the same PID
}

// save replaces the record in dir.
func (r record) save(dir string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, recordFile)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func loadRecord(dir string) (r record, err error) {
	data, err := os.ReadFile(filepath.Join(dir, recordFile))
	if errors.Is(err, os.ErrNotExist) {
		return r, ErrGone
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}

// startTime is when a process was started, in ticks since boot, or "" if there is none.
func startTime(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	const field = 19 // counted after the name, which may hold anything
	rest := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(rest) <= field {
		return ""
	}
	if _, err := strconv.ParseUint(rest[field], 10, 64); err != nil {
		return ""
	}
	return rest[field]
}
