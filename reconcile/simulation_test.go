package reconcile

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

const mib = 1 << 20

// TestTenAtOnce asks for ten functions in the same instant, with a budget for
// three, again and again as they sleep.
func TestTenAtOnce(t *testing.T) {
	var functions []*simFunction
	for range 10 {
		functions = append(functions, &simFunction{
			sizes:    sizes{warm: 64 * mib, woken: 30 * mib, asleep: mib},
			times:    times{start: 400 * time.Millisecond, deflate: 30 * time.Millisecond, wake: 10 * time.Millisecond, request: 50 * time.Millisecond},
			arrivals: []time.Time{noon, noon.Add(20 * time.Second), noon.Add(21 * time.Second)},
		})
	}
	s := newSimulated(205*mib, functions, rand.New(rand.NewPCG(0, 0)))
	s.next = noon
	for _, f := range s.functions {
		s.step(f)
	}
	if err := s.turn(); err != nil {
		t.Fatal(err)
	}
	if n := s.number(Starting); n != 3 {
		t.Errorf("%d of ten start in a budget for three", n)
	}
	if err := s.run(); err != nil {
		t.Error(err)
	}
}

// TestLargeAmongSmall has a stream of requests to small functions that alone
// would fill the budget for ever.
func TestLargeAmongSmall(t *testing.T) {
	quick := times{start: 100 * time.Millisecond, deflate: 30 * time.Millisecond, wake: 10 * time.Millisecond, request: 400 * time.Millisecond}
	large := &simFunction{Function: Function{WarmBytes: 150 * mib}, sizes: sizes{150 * mib, 100 * mib, mib}, times: quick, arrivals: []time.Time{noon.Add(5 * time.Second)}}
	functions := []*simFunction{large}
	for i := range 6 {
		small := &simFunction{sizes: sizes{30 * mib, 15 * mib, mib}, times: quick}
		for at := noon.Add(time.Duration(i) * 200 * time.Millisecond); at.Before(noon.Add(time.Minute)); at = at.Add(1200 * time.Millisecond) {
			small.arrivals = append(small.arrivals, at)
		}
		functions = append(functions, small)
	}
	if err := newSimulated(185*mib, functions, rand.New(rand.NewPCG(0, 0))).run(); err != nil {
		t.Error(err)
	}
}

// TestRandomNodes has random requests come to random functions.
func TestRandomNodes(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		if err := randomNode(random).run(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

func randomNode(random *rand.Rand) *simulated {
	upTo := func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d))) + time.Millisecond }
	var functions []*simFunction
	var largest, asleep int64
	for range 2 + random.IntN(14) {
		warm := int64(8+random.IntN(56)) * mib
		f := &simFunction{
			sizes: sizes{warm: warm, woken: warm * int64(10+random.IntN(35)) / 100, asleep: warm * int64(1+random.IntN(5)) / 100},
			times: times{upTo(600 * time.Millisecond), upTo(80 * time.Millisecond), upTo(30 * time.Millisecond), upTo(300 * time.Millisecond)},
		}
		at := noon
		for range random.IntN(40) {
			at = at.Add(upTo(3 * time.Second))
			f.arrivals = append(f.arrivals, at)
		}
		largest, asleep = max(largest, warm), asleep+f.sizes.asleep
		functions = append(functions, f)
	}
	s := newSimulated(asleep+largest+int64(random.IntN(100))*mib, functions, random)
	s.failures = 10 * random.IntN(3)
	return s
}

// TestRandomNodesWithLittleSwap has swap for a few only of the functions: sleepers
// are stopped for others, and every client is served.
func TestRandomNodesWithLittleSwap(t *testing.T) {
	evicted := 0
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := randomNode(random)
		for _, f := range s.functions {
			s.swap = max(s.swap, f.sizes.warm)
		}
		s.swap = s.swap*2 + int64(random.IntN(100))*mib
		if err := s.run(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		evicted += s.evicted
	}
	if evicted == 0 {
		t.Error("nobody was ever stopped: swap is large enough")
	}
}

// turn plans, checks what was decided, and begins it.
func (s *simulated) turn() error {
	o := s.observed()
	d := Plan(s.now, s.desired, o)
	if err := check(s.now, s.desired, o, d); err != nil {
		return err
	}
	s.relieving, s.next = d.Relieving, d.Next
	for _, a := range d.Actions {
		for _, f := range s.functions {
			if f.Name != a.Function {
				continue
			}
			if err := s.begin(f, a); err != nil {
				return fmt.Errorf("%s %s (%s): %w", a.Kind, a.Function, a.Reason, err)
			}
		}
	}
	return s.checkNode()
}

func (s *simulated) begin(f *simFunction, a Action) error {
	switch a.Kind {
	case Start:
		s.to(f, Starting)
		f.opEnds, f.fresh = s.now.Add(f.times.start), true
	case Wake:
		s.to(f, Waking)
		f.opEnds, f.fresh = s.now.Add(f.times.wake), true
	case Hibernate:
		return s.beginDeflate(f)
	case Evict:
		s.evicted++
		s.to(f, Stopping)
		f.opEnds = s.now.Add(f.times.request)
	case TurnRound:
		f.turned, f.opEnds = true, s.now.Add(min(f.opEnds.Sub(s.now), 5*time.Millisecond))
	default:
		return fmt.Errorf("there is no reason for it")
	}
	return nil
}

// beginDeflate checks that f does not flap.
func (s *simulated) beginDeflate(f *simFunction) error {
	idle := s.now.Sub(f.LastActive)
	switch {
	case f.fresh:
		return fmt.Errorf("it was brought up for nothing")
	case idle < settleRequest:
		return fmt.Errorf("it was idle for %v only", idle)
	case idle < 10*time.Second && !s.waiting() && !s.relieving:
		return fmt.Errorf("nobody needs its memory")
	}
	f.from = f.State
	s.to(f, Hibernating)
	f.opEnds = s.now.Add(f.times.deflate)
	return nil
}

// checkNode checks what holds at any time: the budget, and that nobody starves.
func (s *simulated) checkNode() error {
	const longest = 15 * time.Second
	var sum int64
	for _, f := range s.functions {
		sum += f.resident()
		if len(f.held) > 0 && s.now.Sub(f.held[0]) > longest {
			return fmt.Errorf("%s is %s and not served after %v", f.Name, f.State, longest)
		}
	}
	// A sleep's size is known about: the kernel has the rest stay in memory.
	if free := s.swapFree(); free < -s.swap/20 {
		return fmt.Errorf("%s of swap of %s are in use", size(s.swap-free), size(s.swap))
	}
	if sum > s.budget {
		return fmt.Errorf("%s of a budget of %s are in use", size(sum), size(s.budget))
	}
	return nil
}

// checkEnd checks that the node came to rest: everything sleeps or never ran, or
// stays awake as swap is full.
func (s *simulated) checkEnd() error {
	for _, f := range s.functions {
		crowded := f.State.Awake() && f.resident()*21/20 > s.swapFree()
		if f.State != Hibernated && f.State != Cold && !crowded || len(f.held) > 0 {
			return fmt.Errorf("at rest, but %s is %s, and %d wait for it", f.Name, f.State, len(f.held))
		}
	}
	return nil
}

func (s *simulated) waiting() bool {
	for _, f := range s.functions {
		if len(f.held) > 0 {
			return true
		}
	}
	return false
}

func (s *simulated) number(state State) int {
	n := 0
	for _, f := range s.functions {
		if f.State == state {
			n++
		}
	}
	return n
}
