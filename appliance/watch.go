package appliance

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// quiet is how long the files must be left alone before they are read:
	// editors save in several steps.
	quiet = 50 * time.Millisecond
	// patience bounds that when they are not left alone.
	patience = 500 * time.Millisecond
)

// watcher calls back when a folder of HCL files may have changed.
type watcher struct {
	notify *fsnotify.Watcher
	log    *slog.Logger
	reload func() (dirs []string)
	always []string             // watched whatever the files say
	asked  chan chan<- struct{} // to read now; answered by closing
}

func newWatcher(dir string, log *slog.Logger, reload func() []string) (*watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", dir, err)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// The parent tells when the folder itself appears or is replaced.
	w := &watcher{notify: notify, log: log, reload: reload, always: []string{abs, filepath.Dir(abs)}, asked: make(chan chan<- struct{})}
	w.follow(nil)
	return w, nil
}

// run calls reload when the files have changed and are left alone, until ctx
// ends. dirs are the folders that the files read last are in.
func (w *watcher) run(ctx context.Context, dirs []string) {
	defer w.notify.Close()
	w.catchUp(dirs)
	for {
		select {
		case <-ctx.Done():
			return
		case done := <-w.asked:
			w.catchUp(w.reload())
			close(done)
			continue
		case e := <-w.notify.Events:
			if !w.matters(e) {
				continue
			}
		case err := <-w.notify.Errors:
			w.log.Warn("watching files", "error", err) // events were lost: read all
		}
		w.awaitQuiet(ctx)
		w.catchUp(w.reload())
	}
}

// readNow has run read the files at once, and returns when it has.
func (w *watcher) readNow(ctx context.Context) {
	done := make(chan struct{})
	select {
	case w.asked <- done:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// catchUp watches dirs, and reads again as long as some are new: a file may have
// appeared in them before they were watched.
func (w *watcher) catchUp(dirs []string) {
	for w.follow(dirs) {
		dirs = w.reload()
	}
}

// awaitQuiet returns when the files were left alone for a moment.
func (w *watcher) awaitQuiet(ctx context.Context) {
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		select {
		case <-w.notify.Events:
		case <-time.After(quiet):
			return
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// matters leaves out what cannot change a configuration: reads, and what goes on
// beside the folder in its parent.
func (w *watcher) matters(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	return filepath.Dir(e.Name) != w.always[1] || e.Name == w.always[0]
}

// follow watches dirs from now on, and tells whether some were not before. Two
// names of one folder count once.
func (w *watcher) follow(dirs []string) (added bool) {
	wanted := append(slices.Clone(w.always), dirs...)
	before := w.notify.WatchList()
	for _, old := range before {
		if !slices.Contains(wanted, old) {
			_ = w.notify.Remove(old)
		}
	}
	for _, dir := range wanted {
		// One that is gone again is found through its parent. Adding one anew
		// matters too: its name may lead to another folder now.
		_ = w.notify.Add(dir)
	}
	return slices.ContainsFunc(w.notify.WatchList(), func(dir string) bool { return !slices.Contains(before, dir) })
}
