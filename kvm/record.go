package kvm

// The files of a sandbox's folder, beside its record.
const (
	streamsFile  = "streams.sock"
	commandsFile = "commands.sock"
	consoleFile  = "console.log"
	exitFile     = "exit.json"
)

// record is what a daemon needs to find a sandbox again.
type record struct {
	ID        string
	PID       int
	StartTime string // of the process, which tells it from a later one of the same PID
}
