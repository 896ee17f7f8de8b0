package api

import (
	"errors"
	"net/http"
	"strings"
)

var (
	// ErrNoFunction says that no function has the given name.
	ErrNoFunction = errors.New("no such function")
	// ErrRefused says that what was asked cannot be done as things are.
	ErrRefused = errors.New("refused")
	// ErrNoDaemon says that nobody answers on the socket.
	ErrNoDaemon = errors.New("no daemon")

	errBadRequest = errors.New("bad request")
)

// InJournal says that a function's output is in the journal, and with which
// arguments journalctl finds it, and what the daemon has to say of the function.
type InJournal struct{ Matches []string }

func (e *InJournal) Error() string {
	return "its output is in the journal: journalctl " + strings.Join(e.Matches, " ")
}

// failure is an error on its way through the socket.
type failure struct {
	Sentence string   `json:"error"`
	Journal  []string `json:"journal,omitempty"` // of an InJournal
}

func failureOf(err error) failure {
	f := failure{Sentence: err.Error()}
	if in, ok := errors.AsType[*InJournal](err); ok {
		f.Journal = in.Matches
	}
	return f
}

// err is the error that f was, as far as it is of a kind that is told.
func (f failure) err(status int) error {
	if len(f.Journal) > 0 {
		return &InJournal{f.Journal}
	}
	return &sentence{text: f.Sentence, kind: kindOf(status)}
}

// sentence is an error that reads as text and is kind.
type sentence struct {
	text string
	kind error
}

func (s *sentence) Error() string { return s.text }
func (s *sentence) Unwrap() error { return s.kind }

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrNoFunction):
		return http.StatusNotFound
	case errors.Is(err, ErrRefused), isInJournal(err):
		return http.StatusConflict
	case errors.Is(err, errBadRequest):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

func isInJournal(err error) bool {
	_, is := errors.AsType[*InJournal](err)
	return is
}

func kindOf(status int) error {
	switch status {
	case http.StatusNotFound:
		return ErrNoFunction
	case http.StatusConflict:
		return ErrRefused
	}
	return nil
}
