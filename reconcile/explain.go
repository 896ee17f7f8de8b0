package reconcile

import (
	"fmt"
	"strings"
	"time"

	"torpor/spec"
)

// giveReasons hands out the reason of every function, and finds one for those
// that have none yet.
func (t *turn) giveReasons() {
	reasons := make(map[string]string, len(t.functions))
	for _, f := range t.functions {
		if f.reason == "" {
			f.reason = t.explain(f)
		}
		reasons[f.Name] = f.reason
	}
	t.decision.Reasons = reasons
}

// explain says why f is as it is. Times are given as points in time where the
// sentence may be read long after.
func (t *turn) explain(f *subject) string {
	switch f.State {
	case Cold:
		if f.EvictedFor != "" {
			return "stopped: " + f.EvictedFor + "; it starts cold with its next connection"
		}
		return "starts with its next connection"
	case Starting:
		return "is starting"
	case Hibernating:
		return "is going to sleep"
	case Hibernated:
		return t.explainAsleep(f)
	case Waking:
		return "is waking"
	case Stopping:
		if f.wanted() != "" {
			return "is being stopped, and starts again then: " + f.wanted()
		}
		return "is being stopped"
	case Failed:
		return fmt.Sprintf("%s; tried again at %s", f.Failure, f.RetryAt.Format(time.TimeOnly))
	}
	return t.explainAwake(f)
}

func (t *turn) explainAsleep(f *subject) string {
	switch {
	case f.Replacing:
		return "sleeps while its successor starts"
	case f.outdated():
		return t.explainOutdated(f)
	}
	if f.SleptFor != "" {
		return "asleep: " + f.SleptFor
	}
	return "sleeps until its next byte"
}

func (t *turn) explainAwake(f *subject) string {
	switch {
	case f.Replacing:
		return "serves until its successor is ready"
	case f.outdated():
		return t.explainOutdated(f)
	case f.Busy > 0:
		return fmt.Sprintf("busy: %s in flight", plural(f.Busy, "request"))
	case f.Waiting > 0:
		return "a connection is about to be served"
	}
	if why := t.cannotSleep(f); why != "" {
		return "stays awake: " + why
	}
	if f.CPUActive && f.idleFor(t.now) < f.settle() {
		return fmt.Sprintf("works without a request: uses more than hibernate.idle_cpu, %g%% of a core", f.declared.Hibernate.IdleCPU)
	}
	return fmt.Sprintf("idle for %s, sleeps after %s", span(f.idleFor(t.now)), span(f.declared.Hibernate.After))
}

// explainOutdated is about a function whose replacement failed.
func (t *turn) explainOutdated(f *subject) string {
	return fmt.Sprintf("keeps its former declaration: the new one failed: %s; tried again at %s", f.Failure, f.RetryAt.Format(time.TimeOnly))
}

// noteBlind says whose memory is missing in the account.
func (t *turn) noteBlind() {
	var names []string
	for _, f := range t.functions {
		if f.Blind {
			names = append(names, f.Name)
		}
	}
	if len(names) > 0 {
		t.decision.Notes = append(t.decision.Notes, "memory that cannot be seen is not counted: of "+strings.Join(names, ", "))
	}
}

// size writes bytes for people, rounded to what they care for.
func size(n int64) string {
	const kib, mib, gib = float64(spec.KiB), float64(spec.MiB), float64(spec.GiB)
	switch b := float64(n); {
	case b < mib:
		return fmt.Sprintf("%.0fKiB", b/kib)
	case b < 10*mib:
		return fmt.Sprintf("%.1fMiB", b/mib)
	case b < 10*gib:
		return fmt.Sprintf("%.0fMiB", b/mib)
	default:
		return fmt.Sprintf("%.1fGiB", b/gib)
	}
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
