package systemd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

const (
	// calm is how long a run has to last for its end to begin a new count.
	calm = 10 * time.Second
	// forgiven is how many early ends in a row mean nothing yet. The wait after the
	// next one is brakeFirst, and each further one doubles it, up to brakeMost.
	forgiven   = 20
	brakeFirst = 200 * time.Millisecond
	brakeMost  = 30 * time.Second
)

// Brake slows down a service that ends badly again and again, soon after each
// start: systemd before version 254 has no restarts that become rarer.
type Brake struct {
	path string
	now  func() time.Time
}

// NewBrake keeps its count in the file at path, which has to outlive the service
// but not the machine.
func NewBrake(path string) *Brake { return &Brake{path: path, now: time.Now} }

// runs is what the file holds while the service runs, and after a bad end.
type runs struct {
	Started time.Time `json:"started"` // the last one
	Early   int       `json:"early"`   // ends in a row before it, soon after their start
}

// Start notes that the service starts and returns how long it should wait before
// it goes on.
func (b *Brake) Start() (time.Duration, error) {
	before, err := b.load()
	if err != nil {
		return 0, fmt.Errorf("systemd: counting starts: %w", err)
	}
	run := runs{Started: b.now()}
	if lasted := run.Started.Sub(before.Started); !before.Started.IsZero() && 0 <= lasted && lasted < calm {
		run.Early = before.Early + 1
	}
	wait := pause(run.Early)
	run.Started = run.Started.Add(wait)
	data, err := json.Marshal(run)
	if err == nil {
		err = os.WriteFile(b.path, data, 0o600)
	}
	if err != nil {
		return wait, fmt.Errorf("systemd: counting starts: %w", err)
	}
	return wait, nil
}

func (b *Brake) load() (r runs, err error) {
	data, err := os.ReadFile(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	_ = json.Unmarshal(data, &r) // cut off in writing: count anew
	return r, nil
}

// pause is the wait after so many early ends in a row.
func pause(early int) time.Duration {
	wait := time.Duration(0)
	for n := forgiven; n < early && wait < brakeMost; n++ {
		wait = max(brakeFirst, 2*wait)
	}
	return min(wait, brakeMost)
}

// Release notes that the service ended well.
func (b *Brake) Release() error {
	if err := os.Remove(b.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("systemd: counting starts: %w", err)
	}
	return nil
}

// Hold is Start, and the wait. It tells systemd why, and ends early with ctx.
func (b *Brake) Hold(ctx context.Context) error {
	wait, err := b.Start()
	if wait == 0 {
		return err
	}
	err = errors.Join(err, Status(fmt.Sprintf("waiting %s: it has ended early again and again, see the journal", wait)))
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
	return err
}
