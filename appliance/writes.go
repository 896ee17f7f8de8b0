package appliance

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// writes is the account of what sleeps wrote to swap in the last day, by which
// node.swap.writes_per_day is kept. It outlives the daemon, as the disk wears out
// all the same.
type writes struct {
	path  string
	hours map[int64]int64 // bytes, by hours since 1970
}

// day is counted in whole hours: what was written stays in the account for 24 to
// 25 hours.
const day = 24

func openWrites(state string) (*writes, error) {
	w := &writes{path: filepath.Join(state, "swapwrites.json"), hours: make(map[int64]int64)}
	data, err := os.ReadFile(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &w.hours)
	}
	if w.hours == nil { // "null"
		w.hours = make(map[int64]int64)
	}
	return w, err
}

// add takes bytes into the account.
func (w *writes) add(now time.Time, bytes int64) error {
	if bytes <= 0 {
		return nil
	}
	this := hourOf(now)
	for hour := range w.hours {
		if !counts(hour, this) {
			delete(w.hours, hour)
		}
	}
	w.hours[this] += bytes
	data, err := json.Marshal(w.hours)
	if err != nil {
		return err
	}
	if err := os.WriteFile(w.path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(w.path+".new", w.path)
}

// lastDay is the sum, and when that will next be less; zero if it is nothing.
func (w *writes) lastDay(now time.Time) (bytes int64, falls time.Time) {
	this := hourOf(now)
	for hour, n := range w.hours {
		if !counts(hour, this) {
			continue
		}
		bytes += n
		if end := time.Unix((hour+day+1)*3600, 0); falls.IsZero() || end.Before(falls) {
			falls = end
		}
	}
	return bytes, falls
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// counts tells whether an hour is of the last day; one that is yet to come is of a
// clock that was set back.
func counts(hour, this int64) bool { return hour <= this && hour >= this-day }

// wrote takes into account what was written to swap for f.
func (d *daemon) wrote(f *function, bytes int64) {
	f.figures.Written += bytes
	if err := d.writes.add(time.Now(), bytes); err != nil {
		d.Log.Error("cannot keep the account of writes to swap: after a restart it would begin anew", "error", err)
	}
}
