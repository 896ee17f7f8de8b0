package reconcile

import (
	"fmt"
	"strings"
)

// census counts the functions that hold memory by what they are at, as in
// "functions: 2 busy, 1 asleep".
func (t *turn) census() string {
	count := make(map[string]int)
	for _, f := range t.functions {
		count[t.place(f)]++
	}
	var parts []string
	for _, place := range []string{
		"busy", "only just idle", "idle", "idle but too small to matter", "idle but not able to sleep",
		"starting or waking", "going to sleep", "stopping", "asleep",
	} {
		if n := count[place]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, place))
		}
	}
	if len(parts) == 0 {
		return "no function is up"
	}
	return "functions: " + strings.Join(parts, ", ")
}

// place is what f is at, for the census; "" if it holds no memory.
func (t *turn) place(f *subject) string {
	switch f.doing {
	case Start, Wake, Replace:
		return "starting or waking"
	case Hibernate:
		return "going to sleep"
	case Stop, Evict, Remove:
		return "stopping"
	case TurnRound:
		return "busy"
	}
	switch {
	case f.State == Stopping:
		return "stopping"
	case f.State == Starting, f.State == Waking:
		return "starting or waking"
	case f.State == Hibernating:
		return "going to sleep"
	case f.State == Hibernated:
		return "asleep"
	case !f.State.Awake():
		return ""
	case !f.idle(), f.Replacing:
		return "busy"
	case t.cannotSleep(f) != "":
		return "idle but not able to sleep"
	case f.small():
		return "idle but too small to matter"
	case f.idleFor(t.now) < f.settle():
		return "only just idle"
	}
	return "idle"
}
