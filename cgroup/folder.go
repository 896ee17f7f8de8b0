package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// folder is the directory of a group in one hierarchy.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) read(name string) (string, error) {
	data, err := os.ReadFile(f.path(name))
	return strings.TrimSpace(string(data)), err
}

// write never creates a file: one that is missing is a feature that is missing.
func (f folder) write(name, value string) error {
	file, err := os.OpenFile(f.path(name), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (f folder) readInt(name string) (int64, error) {
	text, err := f.read(name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", f.path(name), err)
	}
	return n, nil
}

func (f folder) readKeyed(name string) (map[string]int64, error) {
	text, err := f.read(name)
	return parseKeyed(text), err
}

// parseKeyed reads lines of "key value" and leaves out those of another form.
func parseKeyed(text string) map[string]int64 {
	values := make(map[string]int64)
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			values[key] = n
		}
	}
	return values
}

// readKey reads one value of a keyed file.
func (f folder) readKey(name, key string) (int64, error) {
	values, err := f.readKeyed(name)
	if err != nil {
		return 0, err
	}
	n, ok := values[key]
	if !ok {
		return 0, fmt.Errorf("read %s: no %q in it", f.path(name), key)
	}
	return n, nil
}

// procs lists the processes in f; those of a foreign pid namespace, which the
// kernel shows as 0, cannot be named and are left out.
func (f folder) procs() ([]int, error) {
	text, err := f.read("cgroup.procs")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, field := range strings.Fields(text) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.path("cgroup.procs"), err)
		}
		if pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
