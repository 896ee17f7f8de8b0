package reconcile

import "slices"

// State is where a function is in its life.
//
//	          start             ready
//	cold ────────────▶ starting ─────▶ warm ──────────┐
//	 ▲                                                │ deflate
//	 │ stopping                                       ▼
//	 └──────────────────────── hibernated ◀──── hibernating
//	                            │    ▲   ▲            │ first byte: turned round
//	                       wake │    │   └────────┐   ▼
//	                            ▼    │ deflate    └─ (back to where it came from)
//	                          waking ─────▶ woken
//
// Each of them can go to stopping, and each that has a sandbox to failed; each
// becomes warm when its successor, made from a changed declaration, takes over.
type State string

const (
	Cold        State = "cold"        // no sandbox
	Starting    State = "starting"    // a sandbox that is not ready yet
	Warm        State = "warm"        // awake, everything resident
	Hibernating State = "hibernating" // being deflated
	Hibernated  State = "hibernated"  // asleep
	Waking      State = "waking"      // being inflated
	Woken       State = "woken"       // awake again, only what it touched is resident
	Stopping    State = "stopping"    // told to end
	Failed      State = "failed"      // ended by itself or never became ready; retried
)

// moves are the legal ones; adoption after a restart of the daemon starts
// anywhere.
var moves = map[State][]State{
	Cold:        {Starting},
	Starting:    {Warm, Stopping, Failed},
	Warm:        {Warm, Hibernating, Stopping, Failed},
	Hibernating: {Hibernated, Warm, Woken, Stopping, Failed},
	Hibernated:  {Waking, Warm, Stopping, Failed, Cold},
	Waking:      {Woken, Warm, Stopping, Failed},
	Woken:       {Hibernating, Warm, Stopping, Failed},
	Stopping:    {Cold, Failed},
	Failed:      {Starting, Stopping, Cold},
}

// CanBecome tells whether a function in state s may go to next.
func (s State) CanBecome(next State) bool { return slices.Contains(moves[s], next) }

// Awake tells whether a function in state s can answer.
func (s State) Awake() bool { return s == Warm || s == Woken }

// HasSandbox tells whether a function in state s has processes.
func (s State) HasSandbox() bool { return s != Cold && s != Failed }
