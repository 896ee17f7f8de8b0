package monitor

import (
	"encoding/json"
	"io"
	"time"
)

// Op is what a Command wants.
type Op string

// Commands of the daemon.
const (
	// Park stops the processors until Unpark, or until the connection it came by
	// ends: a daemon that is gone leaves no machine stopped.
	Park   Op = "park"
	Unpark Op = "unpark"
	// GiveBack has the guest drop its caches and waits until what it freed has come
	// back to the host.
	GiveBack Op = "give-back"
	// Terminate sends the function SIGTERM.
	Terminate Op = "terminate"
	// SetClock sets the guest's wall clock to the host's.
	SetClock Op = "set-clock"
	// Bound asks whether the function has bound the UDP port that is named.
	Bound Op = "bound"
	// Tell only answers with the Stats.
	Tell Op = "tell"
)

// Command is one request, a line of JSON on a connection to the monitor's socket for
// commands. Each is answered by an Answer before the next is read.
type Command struct {
	Op   Op
	Port uint16 `json:",omitempty"` // of Bound
}

// Answer is the monitor's.
type Answer struct {
	Error string `json:",omitempty"`
	OK    bool   `json:",omitempty"` // to Bound
	Stats Stats
}

// Stats are figures of a machine.
type Stats struct {
	// Memory is what the guest has, Resident what of it is in memory or in swap.
	Memory, Resident uint64
	// GivenBack counts the bytes that the guest has given back so far.
	GivenBack uint64
	// OOMKills counts what the guest's kernel killed for want of memory, as far as it said.
	OOMKills uint64
	// Up is the time since the machine was switched on.
	Up time.Duration
}

// Ask makes one request over a connection.
func Ask(conn io.ReadWriter, c Command) (Answer, error) {
	if err := json.NewEncoder(conn).Encode(c); err != nil {
		return Answer{}, err
	}
	var a Answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return Answer{}, err
	}
	if a.Error != "" {
		return a, commandError(a.Error)
	}
	return a, nil
}

type commandError string

func (e commandError) Error() string { return string(e) }
