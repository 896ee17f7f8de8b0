package appliance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"torpor/api"
	"torpor/spec"
)

// Why implements api.Daemon.
func (s *adminServer) Why(ctx context.Context, name string) (api.Why, error) {
	var why api.Why
	var known bool
	err := s.inLoop(ctx, func() {
		s.d.turn(time.Now()) // for the reason of this moment
		if f := s.d.functions[name]; f != nil {
			known, why = true, f.why(time.Now(), s.d.whyRuntime(f.spec))
		}
	})
	if err == nil && !known {
		err = noFunction(name)
	}
	return why, err
}

func (f *function) why(now time.Time, runtime string) api.Why {
	w := api.Why{Name: f.spec.Name, State: string(f.state), Reason: f.reason, History: slices.Clone(f.history)}
	say := func(format string, args ...any) { w.Facts = append(w.Facts, fmt.Sprintf(format, args...)) }
	if !f.since.IsZero() {
		say("it has been %s for %s", f.state, now.Sub(f.since).Round(time.Second))
	}
	route := f.route.Stats()
	say("connections: %d open, %d of them held until it is awake", route.Connections, route.Held)
	if route.Dropped > 0 {
		say("datagrams that reached nobody: %d; the log says why", route.Dropped)
	}
	if f.sandbox != nil {
		gate := f.sandbox.backend.Stats()
		say("requests in flight: %d; last byte %s ago", gate.Busy, now.Sub(gate.LastActive).Round(time.Second))
		say("memory: %s resident, %s in swap, of a limit of %s", size(f.seen.memory.Resident), size(f.seen.memory.Swapped), f.spec.Limits.Memory)
	}
	if f.figures.Written > 0 {
		say("its last sleep wrote %s to swap, all of them %s", size(f.figures.LastWritten), size(f.figures.Written))
	}
	f.whySleep(say)
	if f.spec.Isolation == spec.IsolationAuto {
		say("%s", runtime)
	}
	if f.figures.LastColdStart > 0 {
		say("cold starts: %d, the last took %s", f.figures.ColdStarts, milliseconds(f.figures.LastColdStart))
	}
	if f.figures.Wakes > 0 {
		say("wakes: %d; from the first byte to the first of the reply the last took %s", f.figures.Wakes, milliseconds(f.figures.LastWake))
	}
	if err := f.listenErrors(); err != nil {
		say("cannot be reached: %s", err)
	}
	return w
}

func (f *function) whySleep(say func(string, ...any)) {
	h := f.spec.Hibernate
	if h.Never {
		say(`it never sleeps: hibernate.after = "never"`)
		return
	}
	say("it sleeps after %s without a request, or sooner when the node needs memory (priority %d: higher ones sleep later)", h.After, h.Priority)
	if !h.Evict {
		say("it is not stopped when swap is full: hibernate.evict = false")
	}
}
