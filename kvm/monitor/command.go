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
	// Tell only answers with the Stats.
	Tell Op = "tell"
)

// Command is one request, a line of JSON on a connection to the monitor's socket for
// commands. Each is answered by an Answer before the next is read.
type Command struct{ Op Op }

// Answer is the monitor's.
type Answer struct {
	Error string `json:",omitempty"`
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
func Ask(conn io.ReadWriter, op Op) (Stats, error) {
	if err := json.NewEncoder(conn).Encode(Command{op}); err != nil {
		return Stats{}, err
	}
	var a Answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return Stats{}, err
	}
	if a.Error != "" {
		return a.Stats, commandError(a.Error)
	}
	return a.Stats, nil
}

type commandError string

func (e commandError) Error() string { return string(e) }
