package output

import (
	"context"
	"os"
	"time"

	"github.com/fsnotify/fsnotify"
)

// follow shows all there is and will be, until ctx ends or the file at path is
// another one.
func (t *tail) follow(ctx context.Context, path string) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	if err := watcher.Add(path); err != nil {
		return err
	}
	var patient <-chan time.Time // runs while a line waits for its end
	for flush := false; ; {
		gone := !t.isAt(path)
		before := t.told
		left, err := t.show(ctx, t.file, flush || gone)
		if err != nil || gone {
			return err
		}
		if left != held {
			patient = nil
		} else if patient == nil || t.told != before {
			patient = time.After(patience)
		}
		flush = false
		select {
		case <-ctx.Done():
			return nil
		case <-patient:
			flush = true
		case <-watcher.Events:
		case <-watcher.Errors: // events were lost, so look
		}
	}
}

// isAt tells whether the file is still the one of that name.
func (t *tail) isAt(path string) bool {
	here, err := t.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(here, there)
}
