package appliance

import (
	"context"
	"fmt"
	"strings"
	"time"

	"torpor/reconcile"
	"torpor/systemd"
)

// statusEvery is how often the line that "systemctl status" shows may change.
const statusEvery = time.Second

// told is what systemd was last told.
type told struct {
	line string
	at   time.Time
}

// tellStatus tells systemd how the node is, if that has changed.
func (d *daemon) tellStatus(now time.Time) {
	if d.config == nil && d.broken == nil && d.empty == "" {
		return // the files are still to be read
	}
	line := d.statusLine()
	if line == d.told.line {
		return
	}
	if wait := statusEvery - now.Sub(d.told.at); wait > 0 {
		d.lookAgain(now.Add(wait))
		return
	}
	d.told = told{line, now}
	d.notify(systemd.Status(line))
}

// statusLine is the node in one line: who is awake, what they hold, what is wrong.
func (d *daemon) statusLine() string {
	counts := make(map[string]int)
	var resident int64
	for _, f := range d.functions {
		counts[mood(f.state)]++
		resident += f.seen.memory.Resident
	}
	var parts []string
	for _, m := range []string{"awake", "asleep", "cold", "failed"} {
		if counts[m] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[m], m))
		}
	}
	line := "no functions declared"
	if len(parts) > 0 {
		line = "functions: " + strings.Join(parts, ", ")
	}
	switch {
	case d.empty != "":
		line = d.empty
	case d.config == nil:
		line = "nothing in force"
	default:
		line += fmt.Sprintf("; memory: %s of %s", size(resident), size(int64(d.config.Node.MemoryBudget)))
	}
	if len(d.broken) > 0 {
		b := d.broken[0]
		line += "; BROKEN configuration: " + b.Summary
		if b.File != "" {
			line += fmt.Sprintf(", %s line %d", b.File, b.Line)
		}
	}
	return line
}

// mood is a state in a word for people who only glance.
func mood(s reconcile.State) string {
	switch s {
	case reconcile.Hibernated:
		return "asleep"
	case reconcile.Cold:
		return "cold"
	case reconcile.Failed:
		return "failed"
	}
	return "awake"
}

// lookAgain asks for a turn at a time to come.
func (d *daemon) lookAgain(at time.Time) {
	if d.next.IsZero() || at.Before(d.next) {
		d.next = at
	}
}

// reassure tells systemd's watchdog again and again that the loop turns, until
// ctx ends.
func (d *daemon) reassure(ctx context.Context) {
	every, err := systemd.WatchdogInterval()
	d.notify(err)
	if every == 0 {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.post(func() { d.notify(systemd.Alive()) })
		}
	}
}
