package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrGone says that a sandbox is not running any more.
var ErrGone = errors.New("sandbox is gone")

const recordFile = "sandbox.json"

// Folder has a folder for each sandbox, which outlives the daemon.
type Folder string

// NewFolder makes the folder, and this process the one that orphaned sandboxes are
// handed to, so that it sees how they end.
func NewFolder(path string) (Folder, error) {
	if err := os.MkdirAll(path, 0o711); err != nil {
		return "", fmt.Errorf("sandbox: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return "", fmt.Errorf("sandbox: becoming subreaper: %w", err)
	}
	return Folder(path), nil
}

// Path is the folder of one sandbox.
func (f Folder) Path(id string) string { return filepath.Join(string(f), id) }

// List returns the IDs of all sandboxes that have a folder, alive or not.
func (f Folder) List() ([]string, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, fmt.Errorf("sandbox: listing: %w", err)
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids, nil
}

// Forget removes the folder of a sandbox whose processes, pids, have been killed, and
// collects those of them that were left to this process because their parent was
// killed first.
func (f Folder) Forget(id string, pids []int) error {
	for _, pid := range pids {
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
	if err := os.RemoveAll(f.Path(id)); err != nil {
		return fmt.Errorf("sandbox: removing %s: %w", id, err)
	}
	return nil
}

// Save replaces what is recorded of a sandbox.
func (f Folder) Save(id string, record any) error {
	data, err := json.Marshal(record)
	if err != nil {
		return err
	}
	path := filepath.Join(f.Path(id), recordFile)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return fmt.Errorf("sandbox: recording %s: %w", id, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("sandbox: recording %s: %w", id, err)
	}
	return nil
}

// Load reads what Save recorded. It returns [ErrGone] when that was never done.
func (f Folder) Load(id string, record any) error {
	data, err := os.ReadFile(filepath.Join(f.Path(id), recordFile))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: it was ended, or its start was never completed", ErrGone)
	}
	if err == nil {
		err = json.Unmarshal(data, record)
	}
	if err != nil {
		return fmt.Errorf("sandbox: record of %s: %w", id, err)
	}
	return nil
}
