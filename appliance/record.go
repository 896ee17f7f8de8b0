package appliance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"torpor/reconcile"
)

// recordVersion is the format of records on disk; others are not read.
const recordVersion = 1

// figures are the facts about a function that outlive the daemon.
type figures struct {
	Sandbox     string // ID, "" when cold
	Isolation   string // which runtime it is of; "" is of an earlier version, gVisor's
	Cgroup      string // path of its cgroup
	Fingerprint string // of what it was made from
	Ready       bool   // its start was completed
	State       reconcile.State

	Wakes, ColdStarts                      int
	LastColdStart, LastWake, LastHibernate time.Duration
	WakeCost                               time.Duration // to the first byte of the reply
	WarmBytes, WokenBytes, AsleepBytes     int64
	SleptFor                               string // why it was last put to sleep
	EvictedFor                             string // why it was stopped for others; "" once it has started again
	LastWritten, Written                   int64  // to swap, in bytes, by its last sleep and by all
	WorkingSet                             string `json:",omitempty"` // of this sandbox, as hibernate writes it
	Prefetch                               worth
}

// record is figures as kept on disk.
type record struct {
	Version int
	Name    string
	figures
}

// records is the folder of all records, one file a function.
type records struct{ dir string }

func (r records) path(name string) string { return filepath.Join(r.dir, name+".json") }

// save replaces a record in one step: a daemon killed at any moment leaves the
// old or the new one.
func (r records) save(rec record) error {
	data, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return err
	}
	tmp := r.path(rec.Name) + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return os.Rename(tmp, r.path(rec.Name))
}

// load returns all records that can be read, and what was wrong with the others.
func (r records) load() ([]record, error) {
	entries, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []record
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		rec, readErr := r.read(filepath.Join(r.dir, e.Name()))
		if readErr != nil {
			err = errors.Join(err, readErr)
			continue
		}
		all = append(all, rec)
	}
	return all, err
}

func (r records) read(path string) (record, error) {
	var rec record
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &rec)
	}
	if err == nil && rec.Version != recordVersion {
		err = fmt.Errorf("is of version %d, this daemon reads %d", rec.Version, recordVersion)
	}
	if err != nil {
		return rec, fmt.Errorf("record %s: %w", path, err)
	}
	return rec, nil
}

func (r records) remove(name string) error {
	if err := os.Remove(r.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// save keeps what is to be known of f after a restart. A record that cannot be
// written costs its figures, or a cold start, but nothing else.
func (d *daemon) save(f *function) {
	f.figures.State = f.state
	if err := d.records.save(record{Version: recordVersion, Name: f.spec.Name, figures: f.figures}); err != nil {
		f.log.Error("cannot write its record: after a restart of the daemon it would start cold", "error", err)
	}
}
