package appliance

import (
	"log/slog"
	"time"

	"torpor/api"
	"torpor/event"
	"torpor/gateway"
	"torpor/reconcile"
	"torpor/spec"
)

// historyKept is how many events "torpor why" can tell of a function.
const historyKept = 32

// function is one function of the node. It belongs to the loop.
type function struct {
	spec  spec.Function // as last declared
	log   *slog.Logger
	route *gateway.Route
	ways  map[way]*listening // its listeners

	state     reconcile.State
	since     time.Time       // of state; zero until it first leaves cold
	awake     reconcile.State // warm or woken: where a deflate that is turned round leads back to
	reason    string
	sandbox   *instance  // what serves, or sleeps
	op        *operation // on sandbox, or the start of it
	successor *operation // the start of a replacement

	failures     int
	retryAt      time.Time
	failure      string
	noSleepUntil time.Time
	noSleepWhy   string

	asked   *asked
	history []api.Event
	figures figures // kept over restarts
	seen    sample
	waking  *waking // the last wake, until all of it was told; else nil
}

// operation is something under way in a goroutine of its own.
type operation struct {
	cancel    func()
	done      chan struct{}
	brokenOff bool // by the loop
}

// wait waits until an operation, if there is one, is over.
func (op *operation) wait() {
	if op != nil {
		<-op.done
	}
}

// end breaks off an operation, if there is one, and waits until it is over.
func (op *operation) end() {
	if op != nil {
		op.cancel()
		op.wait()
	}
}

// to is the only writer of state.
func (f *function) to(next reconcile.State) {
	if !f.state.CanBecome(next) {
		f.log.Error("illegal move between states", "from", f.state, "to", next)
	}
	f.state, f.since = next, time.Now()
	if next.Awake() {
		f.awake = next
	}
}

// note keeps an event for "torpor why".
func (f *function) note(what, reason string) {
	if len(f.history) == historyKept {
		f.history = append(f.history[:0], f.history[1:]...)
	}
	f.history = append(f.history, api.Event{Time: time.Now(), What: what, Reason: reason})
}

// breakOff asks what is under way to end soon.
func (f *function) breakOff() {
	for _, op := range []*operation{f.op, f.successor} {
		if op != nil {
			op.brokenOff = true
			op.cancel()
		}
	}
}

// release gives up what the daemon holds of a sandbox that goes on without it.
func (f *function) release() {
	if f.sandbox != nil {
		f.sandbox.backend.Close()
		f.sandbox.Close()
	}
}

// failed takes note of a failure and sets when to try again: after 1s, 2s, 4s
// and so on up to a minute, starting over after a minute of good behaviour.
func (f *function) failed(why string, upFor time.Duration) {
	const first, longest = time.Second, time.Minute
	if upFor > longest {
		f.failures = 0
	}
	f.failure = why
	f.retryAt = time.Now().Add(min(longest, first<<min(f.failures, 10)))
	f.failures++
	f.note("failed", why)
}

// asked is a command that a person waits for.
type asked struct {
	verb   reconcile.Verb
	answer chan answer // has room for one
}

type answer struct {
	message string
	err     error
}

// answer answers the person who asked, if anybody did.
func (f *function) answer(message string, err error) {
	if f.asked != nil {
		f.asked.answer <- answer{message, err}
		f.asked = nil
	}
}

// refuse tells the person who asked, if anybody did, why that cannot be done now.
func (f *function) refuse(reason string) {
	if f.asked != nil {
		f.log.Info("refused", event.Refused, "verb", f.asked.verb, "reason", reason)
		f.answer("", refused(reason))
	}
}

// answerIf answers those who asked for one of verbs.
func (f *function) answerIf(message string, verbs ...reconcile.Verb) {
	for _, v := range verbs {
		if f.asked != nil && f.asked.verb == v {
			f.answer(message, nil)
		}
	}
}
