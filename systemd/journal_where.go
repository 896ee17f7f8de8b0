package systemd

import (
	"os"

	"github.com/coreos/go-systemd/v22/journal"
)

// HasJournal tells whether this machine has a journal.
func HasJournal() bool {
	_, err := os.Stat(StreamSocket)
	return err == nil
}

// StderrIsJournal tells whether what this process writes to stderr goes to the
// journal, so that it may as well write entries.
func StderrIsJournal() bool {
	is, err := journal.StderrIsJournalStream()
	return err == nil && is
}

// OutputToJournal tells whether the output of what this process starts belongs in
// the journal: whether systemd started it, and journald is there.
func OutputToJournal() bool {
	if !HasJournal() {
		return false
	}
	return StderrIsJournal() || os.Getenv("INVOCATION_ID") != "" && os.Getppid() == 1
}
