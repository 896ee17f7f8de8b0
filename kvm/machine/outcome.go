package machine

import "fmt"

// End says how a machine ended.
type End int

// The ways to end.
const (
	Stopped    End = iota // by the one who ran it
	PoweredOff            // the guest switched it off
	Reset                 // the guest reset it, which is also what a panic ends in
	Violated              // the guest broke a device's rules
	Failed                // the host could not go on
)

// Outcome is how a machine ended, and why if there is more to say.
type Outcome struct {
	End End
	Err error
}

func (o Outcome) String() string {
	what := map[End]string{
		Stopped:    "stopped",
		PoweredOff: "guest powered off",
		Reset:      "guest reset itself",
		Violated:   "guest broke the rules of a device",
		Failed:     "virtual machine failed",
	}[o.End]
	if o.Err == nil {
		return what
	}
	return fmt.Sprintf("%s: %v", what, o.Err)
}
