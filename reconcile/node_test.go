package reconcile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"torpor/spec"
)

// simulated is a node whose functions take memory and time as they are made to.
// It keeps its own time and goes from one event to the next.
type simulated struct {
	now       time.Time
	desired   *Desired
	budget    int64
	functions []*simFunction
	relieving bool
	next      time.Time
	turns     int
	random    *rand.Rand
	failures  int   // per cent of starts that fail
	swap      int64 // bytes; 0: without end
	evicted   int
}

// simFunction is a function of the simulated node.
type simFunction struct {
	Function // as it is observed, but for what follows
	sizes    sizes
	times    times

	arrivals  []time.Time // of requests to come
	held      []time.Time // arrivals that wait
	busyUntil time.Time
	opEnds    time.Time // of what is under way; zero: nothing
	turned    bool      // the deflate under way was turned round
	from      State     // where it began
	fresh     bool      // it has served nobody since it was brought up
}

// sizes are what it holds, in bytes.
type sizes struct{ warm, woken, asleep int64 }

// times are what it takes.
type times struct{ start, deflate, wake, request time.Duration }

// still is how long the gateway takes a connection to be busy after its last
// byte. Nothing happens when that is over.
const still = 50 * time.Millisecond

func newSimulated(budget int64, functions []*simFunction, random *rand.Rand) *simulated {
	s := &simulated{now: noon, budget: budget, functions: functions, random: random}
	c := &spec.Config{Node: spec.Node{MemoryBudget: spec.Bytes(budget)}}
	for i, f := range functions {
		f.Name, f.State = fmt.Sprint("f", i), Cold
		declared := spec.Function{Name: f.Name, Start: spec.StartOnDemand}
		declared.Limits.Memory = spec.Bytes(f.sizes.warm)
		declared.Hibernate.After, declared.Hibernate.Evict = 10*time.Second, true
		c.Functions = append(c.Functions, declared)
	}
	s.desired = NewDesired(c)
	for _, f := range functions {
		f.Fingerprint = s.desired.byName[f.Name].fingerprint
	}
	return s
}

// run goes on until nothing is to come any more, or nothing has for long.
func (s *simulated) run() error {
	const long = time.Minute
	var lastEvent time.Time
	for {
		at := s.nextEvent()
		if s.underWay() {
			lastEvent = at
		}
		if at.IsZero() || at.Sub(lastEvent) > long {
			return s.checkEnd()
		}
		s.now = at
		for _, f := range s.functions {
			s.step(f)
		}
		if err := s.turn(); err != nil {
			return fmt.Errorf("at %v: %w", s.now.Sub(noon), err)
		}
		if s.turns++; s.turns > 100_000 {
			return fmt.Errorf("at %v: does not come to rest", s.now.Sub(noon))
		}
	}
}

// underWay tells whether anything is, or a request is to come.
func (s *simulated) underWay() bool {
	return slices.ContainsFunc(s.functions, func(f *simFunction) bool {
		return len(f.arrivals) > 0 || len(f.held) > 0 || !f.opEnds.IsZero()
	})
}

// nextEvent is when a daemon would look again. The end of being busy is none, as
// nothing tells of it.
func (s *simulated) nextEvent() time.Time {
	at := s.next
	earlier := func(t time.Time) {
		if t.After(s.now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, f := range s.functions {
		if len(f.arrivals) > 0 {
			earlier(f.arrivals[0])
		}
		earlier(f.opEnds)
		earlier(f.busyUntil)
		if f.State.Awake() {
			earlier(s.now.Add(time.Second)) // the daemon's pulse
		}
	}
	return at
}

// step lets happen to f what is due.
func (s *simulated) step(f *simFunction) {
	for len(f.arrivals) > 0 && !f.arrivals[0].After(s.now) {
		f.held = append(f.held, f.arrivals[0])
		f.arrivals = f.arrivals[1:]
	}
	if !f.opEnds.IsZero() && !f.opEnds.After(s.now) {
		f.opEnds = time.Time{}
		s.arrive(f)
	}
	if f.State.Awake() && len(f.held) > 0 {
		f.held, f.fresh = nil, false
		f.busyUntil = s.now.Add(f.times.request)
		f.LastActive = f.busyUntil
	}
}

// arrive ends what was under way.
func (s *simulated) arrive(f *simFunction) {
	next := map[State]State{Starting: Warm, Hibernating: Hibernated, Waking: Woken, Stopping: Cold}[f.State]
	switch {
	case f.turned:
		next = f.from
	case f.State == Starting && s.random.IntN(100) < s.failures:
		next, f.RetryAt, f.Failure = Failed, s.now.Add(time.Second), "exited with status 1"
	}
	s.to(f, next)
	f.turned = false
	switch next {
	case Warm:
		f.WarmBytes = f.sizes.warm
	case Woken:
		f.WokenBytes = f.sizes.woken
	case Hibernated:
		f.AsleepBytes = f.sizes.asleep
	}
}

func (s *simulated) to(f *simFunction, next State) {
	if !f.State.CanBecome(next) {
		panic(fmt.Sprintf("%s cannot go from %s to %s", f.Name, f.State, next))
	}
	f.State, f.Since = next, s.now
}

// resident is what f holds; while it is on its way up or down, the larger.
func (f *simFunction) resident() int64 {
	switch f.State {
	case Starting, Warm:
		return f.sizes.warm
	case Hibernated:
		return f.sizes.asleep
	case Waking, Woken:
		return f.sizes.woken
	case Hibernating:
		if f.from == Woken {
			return f.sizes.woken
		}
		return f.sizes.warm
	}
	return 0
}

// swapped is what f holds in swap; what a wake reads leaves it.
func (f *simFunction) swapped() int64 {
	switch {
	case f.State == Hibernated, f.State == Waking, f.State == Stopping:
		return f.sizes.warm - f.sizes.asleep
	case f.State == Woken, f.State == Hibernating && f.from == Woken:
		return f.sizes.warm - f.sizes.woken
	}
	return 0
}

func (s *simulated) swapFree() int64 {
	if s.swap == 0 {
		return 1 << 40
	}
	free := s.swap
	for _, f := range s.functions {
		free -= f.swapped()
	}
	return free
}

// observed is what the daemon sees: of a start no memory yet, of a wake only
// what it held asleep.
func (s *simulated) observed() Observed {
	o := Observed{Swap: Swap{Ready: true, Free: s.swapFree()}, Relieving: s.relieving}
	for _, f := range s.functions {
		seen := f.Function
		seen.Resident = f.resident()
		switch f.State {
		case Starting:
			seen.Resident = 0
		case Hibernated, Waking, Stopping:
			seen.Resident, seen.Swapped = f.sizes.asleep, f.swapped()
		}
		if f.State.Awake() && s.now.Before(f.busyUntil.Add(still)) {
			seen.Busy = 1
		}
		if seen.Waiting = len(f.held); seen.Waiting > 0 {
			seen.WaitingSince = f.held[0]
		}
		o.Functions = append(o.Functions, seen)
	}
	return o
}
