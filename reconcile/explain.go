package reconcile

import (
	"fmt"
	"strings"
	"time"

	"torpor/spec"
)

// explainRest says of every function that has no sentence yet why it is as it is.
func (t *turn) explainRest() {
	for _, f := range t.functions {
		if _, said := t.decision.Reasons[f.Name]; !said {
			t.say(f, t.explain(f))
		}
	}
}

func (t *turn) explain(f Function) string {
	switch f.State {
	case Cold:
		return "starts with its first connection"
	case Starting:
		return "is starting"
	case Hibernating:
		return "is going to sleep"
	case Hibernated:
		return "sleeps until its next byte"
	case Waking:
		return "is waking"
	case Stopping:
		return "is being stopped"
	case Failed:
		return fmt.Sprintf("%s; tried again in %s", f.Failure, span(f.RetryAt.Sub(t.now)))
	}
	return t.explainAwake(f)
}

func (t *turn) explainAwake(f Function) string {
	switch {
	case f.Replacing:
		return "serves until its successor is ready"
	case f.Busy > 0:
		return fmt.Sprintf("busy: %s in flight", plural(f.Busy, "request"))
	case f.Waiting > 0:
		return "a connection is about to be served"
	}
	if why := t.cannotSleep(f); why != "" {
		return "stays awake: " + why
	}
	h := t.declared[f.Name].Hibernate
	if f.CPUActive && t.idleFor(f) < settle {
		return fmt.Sprintf("works without a request: uses more than hibernate.idle_cpu, %g%% of a core", h.IdleCPU)
	}
	return fmt.Sprintf("idle for %s, sleeps after %s", span(t.idleFor(f)), span(h.After))
}

// merits says why f was chosen to sleep for others.
func (t *turn) merits(f Function) string {
	s := fmt.Sprintf("has been idle for %s and frees about %s", span(t.idleFor(f)), size(gain(f)))
	if f.WakeCost > 0 {
		s += fmt.Sprintf("; waking it takes %s", span(f.WakeCost))
	}
	return s
}

// holders says who holds the memory that others wait for.
func (t *turn) holders() string {
	var busy, idle, moving, asleep int
	for _, f := range t.functions {
		switch {
		case f.State.Awake() && f.Busy > 0:
			busy++
		case f.State.Awake():
			idle++
		case f.State == Hibernated:
			asleep++
		case f.State.HasSandbox():
			moving++
		}
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{busy, "busy"}, {idle, "idle but not to be put to sleep yet"}, {moving, "starting, waking or stopping"}, {asleep, "asleep"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return fmt.Sprintf("%s of %s are taken (functions: %s)", size(t.memory.committed()), size(t.budget), strings.Join(parts, ", "))
}

// size writes bytes for people, rounded to what they care for.
func size(n int64) string {
	if n < 10*int64(spec.MiB) {
		return fmt.Sprintf("%.1fMiB", float64(n)/float64(spec.MiB))
	}
	return fmt.Sprintf("%dMiB", n/int64(spec.MiB))
}

// span writes a duration for people.
func span(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Millisecond).String()
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
