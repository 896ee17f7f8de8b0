package output

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hang is how long a test waits for what must happen before it gives up.
const hang = 30 * time.Second

// told is what a store told, per function and in one row.
type told struct {
	mu    sync.Mutex
	all   []string // "name: text"
	lines chan string
}

func newTold() *told { return &told{lines: make(chan string, 1<<20)} }

func (l *told) line(name, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, name+": "+text)
	l.lines <- name + ": " + text
}

// await returns the next line, whatever its function.
func (l *told) await(t *testing.T) string {
	t.Helper()
	select {
	case line := <-l.lines:
		return line
	case <-time.After(hang):
		t.Fatal("nothing was told")
		return ""
	}
}

func (l *told) of(name string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var texts []string
	for _, line := range l.all {
		if text, ok := strings.CutPrefix(line, name+": "); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// newStore makes a store on a folder of its own that logs to the test.
func newStore(t *testing.T, dir string, keep int64, line func(name, text string)) *Store {
	t.Helper()
	s, err := NewStore(dir, keep, line, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func logDir(t *testing.T) string { return filepath.Join(t.TempDir(), "logs") }

// run runs the store until stop is called, which returns when Run has.
func run(t *testing.T, s *Store) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// appender opens a file as a sandbox does.
func appender(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func write(t *testing.T, f *os.File, text string) {
	t.Helper()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// await returns when something was sent.
func await[T any](t *testing.T, c <-chan T) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(hang):
		t.Fatal("nothing happened")
	}
}

// watchSaves sends when offsets were saved.
func watchSaves(t *testing.T, dir string) <-chan struct{} {
	t.Helper()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	saves, ended := make(chan struct{}, 1000), make(chan struct{})
	t.Cleanup(func() {
		watcher.Close()
		<-ended
	})
	if err := watcher.Add(dir); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(ended)
		for event := range watcher.Events {
			if event.Name == offsetsPath(dir) && event.Has(fsnotify.Create) {
				saves <- struct{}{}
			}
		}
	}()
	return saves
}
