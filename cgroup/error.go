package cgroup

import (
	"errors"
	"fmt"
	"strings"
)

// ErrCannotSee says that the memory of a group could not be read. It is no
// figure: who meets it must not take the group for small or large.
var ErrCannotSee = errors.New("cannot see the memory")

// ErrInUse refuses a memory limit below what the group already holds.
var ErrInUse = errors.New("more memory is in use than the limit allows")

// UnusableError is Detect's refusal of a machine. It lists everything that is
// missing, each with what to do about it.
type UnusableError struct {
	Root    string
	Missing []string
}

func (e *UnusableError) Error() string {
	return fmt.Sprintf("cgroup: %s cannot be used: %s", e.Root, strings.Join(e.Missing, "; "))
}
