package gvisor

// record is what outlives the daemon about a running sandbox.
type record struct {
	ID                  string
	SentryPID, GoferPID int
	// StartTime of the Sentry, which tells it from a later process of its PID.
	StartTime string
}
