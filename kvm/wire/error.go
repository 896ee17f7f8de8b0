package wire

import "fmt"

// ShareLengthError says that a FUSE message has an impossible length.
type ShareLengthError struct {
	Length uint32
}

func (e *ShareLengthError) Error() string {
	return fmt.Sprintf("wire: a message of a mount says it is %d bytes long; it can have 4 to %d", e.Length, MaxShareMessage)
}
