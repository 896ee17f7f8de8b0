package reconcile

import "time"

// Observed is what the node looks like now.
type Observed struct {
	Functions []Function // in any order, at most one a name
	Swap      Swap
	// Pressure says that others on the machine lack memory; "" if they do not.
	Pressure string
	// Relieving is the last decision's Relieving.
	Relieving bool
}

// Swap is the space for hibernated memory.
type Swap struct {
	Ready  bool
	Reason string // why it is not ready
	Free   int64
	// Written is what was written to it in the last 24 hours, in bytes, and
	// WrittenFalls when that will next be less; zero if never.
	Written      int64
	WrittenFalls time.Time
}

// Function is one function as observed, declared or not. Zero times and sizes
// mean "not yet known".
type Function struct {
	Name        string
	State       State
	Since       time.Time // of State
	Fingerprint string    // of what its sandbox, or the last it had, was made from
	Replacing   bool      // its successor is being started
	Reclaiming  bool      // while it sleeps, under way
	Fetching    bool      // woken, and what it needs for its first reply is still being read from swap

	Busy         int       // requests in flight
	LastActive   time.Time // last byte in or out, or processor use above hibernate.idle_cpu
	CPUActive    bool      // LastActive is due to processor use
	Connections  int       // open, held ones included
	Waiting      int       // connections held until it is awake
	WaitingSince time.Time // the oldest of them
	Asked        Verb      // what a person asked for

	Blind        bool  // its memory cannot be seen: Resident and Swapped count for nothing
	Resident     int64 // now
	Swapped      int64
	WarmBytes    int64         // resident when last warm and idle
	WokenBytes   int64         // resident when last woken and idle
	AsleepBytes  int64         // resident when last hibernated
	WakeCost     time.Duration // how long it takes to wake
	ColdCost     time.Duration // how long it takes to start
	SleptFor     string        // why a hibernated one was put to sleep
	EvictedFor   string        // why a cold one was stopped for others; "" if it was not
	NoSleepUntil time.Time     // a deflate failed: not again before
	NoSleepWhy   string

	RetryAt time.Time // of a failed one, or of a replacement that failed
	Failure string    // why it failed
}

// Verb is what a person asked of one function on the command line.
type Verb string

const (
	AskNothing   Verb = ""
	AskHibernate Verb = "hibernate"
	AskWake      Verb = "wake"
	AskStart     Verb = "start"
	AskStop      Verb = "stop"
)
