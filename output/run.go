package output

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// lastRounds bounds what is told after the end was asked for, so that a flood
// cannot hold it up; the next Run goes on from there.
const lastRounds = 16

// Run tells what functions print until ctx ends, then what there is by then:
// at most 1 MiB of each function, whole lines only; the next Run goes on from
// there. It sleeps while nobody prints. The error is about the watch on the
// folder or the last save.
func (s *Store) Run(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("output: watch: %w", err)
	}
	var collector sync.WaitGroup
	defer collector.Wait()
	defer watcher.Close()
	if err := watcher.Add(s.dir); err != nil {
		return fmt.Errorf("output: watch: %w", err)
	}
	collector.Go(func() { s.collect(watcher) })

	t := newTeller(s)
	s.addAll()
	for ctx.Err() == nil {
		t.round(time.Now())
		t.wait(ctx)
	}
	return t.finish()
}

// collect is a goroutine of its own so that the kernel's queue, in which a
// flood of one function is before the line of another, is always empty soon.
func (s *Store) collect(watcher *fsnotify.Watcher) {
	for {
		select {
		case event, ok := <-watcher.Events:
			if !ok {
				return
			}
			if name, ok := nameOf(event.Name); ok {
				s.due.add(name, false)
			}
		case err, ok := <-watcher.Errors:
			if !ok {
				return
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				s.log.Warn("cannot see all changes of output", "error", err)
			}
			s.addAll()
		}
	}
}

// addAll makes every file due.
func (s *Store) addAll() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.log.Error("cannot list output", "error", err)
	}
	for _, entry := range entries {
		if name, ok := nameOf(entry.Name()); ok {
			s.due.add(name, false)
		}
	}
}
