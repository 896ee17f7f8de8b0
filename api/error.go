package api

import (
	"errors"
	"net/http"
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

// failure is an error on its way through the socket.
type failure struct {
	Sentence string `json:"error"`
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
	case errors.Is(err, ErrRefused):
		return http.StatusConflict
	case errors.Is(err, errBadRequest):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
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
