package systemd

import (
	"os"

	"github.com/coreos/go-systemd/v22/journal"
)

// StreamSocket is where journald takes streams.
const StreamSocket = "/run/systemd/journal/stdout"

// StderrIsJournal tells whether what this process writes to stderr goes to the
// journal, so that it may as well write entries.
func StderrIsJournal() bool {
	is, err := journal.StderrIsJournalStream()
	return err == nil && is
}

// OutputToJournal tells whether the output of what this process starts belongs in
// the journal: whether systemd started it, and journald is there.
func OutputToJournal() bool {
	if _, err := os.Stat(StreamSocket); err != nil {
		return false
	}
	return StderrIsJournal() || os.Getenv("INVOCATION_ID") != "" && os.Getppid() == 1
}
