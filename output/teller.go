package output

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a line may wait for its end, a file that could not be
// read for the next try, and a position to be saved.
const patience = time.Second

// teller is the state of Run; only its goroutine uses it.
type teller struct {
	*Store
	buf      []byte
	cursors  map[string]*cursor
	next     map[string]bool      // whom to look at in the next round, and whether to flush
	later    map[string]time.Time // whom to look at and flush at that time
	save     time.Time            // when to save, zero if nothing changed
	saveErr  error                // of the last save
	holeless bool                 // the file system cannot punch holes
}

func newTeller(s *Store) *teller {
	cursors, err := loadOffsets(s.dir)
	if err != nil {
		s.log.Warn("lost how far output was told, telling all that is kept", "error", err)
	}
	for name := range cursors { // also those whose files are gone
		s.due.add(name, false)
	}
	return &teller{
		Store:   s,
		buf:     make([]byte, readSize),
		cursors: cursors,
		next:    map[string]bool{},
		later:   map[string]time.Time{},
	}
}

// round looks once at each file that is due.
func (t *teller) round(now time.Time) {
	t.due.moveTo(t.next)
	for name, at := range t.later {
		if !now.Before(at) {
			t.next[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.next)) {
		flush := t.next[name]
		delete(t.next, name)
		t.look(name, flush, now)
	}
	if !t.save.IsZero() && !now.Before(t.save) {
		t.saveOffsets(now)
	}
}

// look gives a file its turn and decides when the next one is.
func (t *teller) look(name string, flush bool, now time.Time) {
	c := t.cursors[name]
	if c == nil {
		c = &cursor{}
		t.cursors[name] = c
	}
	before := *c
	left, err := t.turn(name, c, flush)
	if *c != before {
		t.changed(now)
		delete(t.later, name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.changed(now)
		delete(t.cursors, name)
		delete(t.later, name)
	case err != nil:
		t.log.Error("cannot read output", "function", name, "error", err)
		t.later[name] = now.Add(patience)
	case left == more:
		t.next[name] = flush
	case left == done:
		delete(t.later, name)
	case left == held && t.later[name].IsZero():
		t.later[name] = now.Add(patience)
	}
}

// turn tells a bounded part of what is new in a file.
func (t *teller) turn(name string, c *cursor, flush bool) (progress, error) {
	f, err := os.OpenFile(t.path(name), os.O_RDWR, 0)
	if err != nil {
		return done, err
	}
	defer f.Close()
	st, err := stat(f)
	if err != nil {
		return done, err
	}
	c.match(st.identity)
	if err := c.settle(f, st.size); err != nil {
		return done, err
	}
	if lost := c.skip(st, t.backlog); lost > 0 {
		t.log.Warn("function prints faster than it can be told, output skipped", "function", name, "bytes", lost)
	}
	left, err := c.step(f, flush, t.buf, func(text string) { t.line(name, text) })
	if err != nil {
		return done, err
	}
	t.reclaim(name, f, c, st.block)
	return left, nil
}

// reclaim gives back the disk space of a file's old output. A failure costs
// disk space only.
func (t *teller) reclaim(name string, f *os.File, c *cursor, block int64) {
	var err error
	if t.holeless {
		err = c.empty(f, t.keep)
	} else {
		err = c.free(f, t.keep, block)
	}
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		t.holeless = true
		t.log.Warn("no holes in files here, output is emptied at four times the size to keep", "dir", t.dir)
	case err != nil:
		t.log.Error("cannot give back space of output", "function", name, "error", err)
	}
}

// wait returns when a round is worth it, or ctx has ended.
func (t *teller) wait(ctx context.Context) {
	if len(t.next) > 0 {
		return
	}
	var timer <-chan time.Time
	if at := t.earliest(); !at.IsZero() {
		timer = time.After(time.Until(at))
	}
	select {
	case <-ctx.Done():
	case <-t.due.wake:
	case <-timer:
	}
}

// earliest is when something is to be done though nobody prints; zero: never.
func (t *teller) earliest() time.Time {
	at := t.save
	for _, later := range t.later {
		if at.IsZero() || later.Before(at) {
			at = later
		}
	}
	return at
}

// finish tells what there is now and saves.
func (t *teller) finish() error {
	t.addAll()
	for range lastRounds {
		t.round(time.Now())
		if len(t.next) == 0 {
			break
		}
	}
	if !t.save.IsZero() {
		t.saveOffsets(time.Now())
	}
	if t.saveErr != nil {
		return fmt.Errorf("output: %w", t.saveErr)
	}
	return nil
}

func (t *teller) changed(now time.Time) {
	if t.save.IsZero() {
		t.save = now.Add(patience)
	}
}

// saveOffsets tries again later if it fails, which is logged the first time.
func (t *teller) saveOffsets(now time.Time) {
	err := saveOffsets(t.dir, t.cursors)
	if err != nil && t.saveErr == nil {
		t.log.Error("cannot save how far output was told", "error", err)
	}
	t.saveErr, t.save = err, time.Time{}
	if err != nil {
		t.changed(now)
	}
}
