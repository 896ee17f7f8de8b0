package reconcile

import "time"

// Decision is what Plan returns.
type Decision struct {
	// Actions are to be begun now, in this order: at most one a function, before
	// which there may be a refusal.
	Actions []Action
	// Reasons says of each function, by name, why it is as it is and what will
	// happen next.
	Reasons map[string]string
	// Notes are sentences about the node as a whole.
	Notes []string
	// Relieving is to be handed to the next Plan.
	Relieving bool
	// Next is when to look again even if nothing happens; zero: never.
	Next time.Time
}

// Action is one thing to do to one function.
type Action struct {
	Kind     Kind
	Function string
	Reason   string
}

// Kind is what an action does.
type Kind string

const (
	Start     Kind = "start"      // cold or failed: make a sandbox
	Replace   Kind = "replace"    // make a second sandbox from the new declaration, switch when it is ready
	Wake      Kind = "wake"       // inflate
	Hibernate Kind = "hibernate"  // deflate
	Reclaim   Kind = "reclaim"    // hibernated: push out again what came back into its memory
	TurnRound Kind = "turn round" // break off a deflate and let it run on
	Stop      Kind = "stop"       // end the sandbox, the function stays declared
	Evict     Kind = "evict"      // hibernated: stop it to make room in swap
	Remove    Kind = "remove"     // end the sandbox after its requests in flight, forget the function
	Refuse    Kind = "refuse"     // tell the person who asked why not
)
