package hibernate

import (
	"errors"
	"fmt"
)

// ErrTurnedRound says that Deflate was stopped by its context and that the
// group runs on.
var ErrTurnedRound = errors.New("turned round")

// ErrSwapInUse refuses to resize a swap file that holds pages.
var ErrSwapInUse = errors.New("the swap file holds sleeping memory: wake or stop what sleeps, or let it be until the next boot")

// NoSwapError says why there can be no swap file at Path, and what to do.
// Hibernation is then off; everything else works.
type NoSwapError struct {
	Path   string
	Reason string // a sentence without its full stop
	Err    error  // the kernel's, may be nil
}

func (e *NoSwapError) Error() string {
	text := fmt.Sprintf("hibernate: no swap at %s: %s", e.Path, e.Reason)
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text
}

func (e *NoSwapError) Unwrap() error { return e.Err }
