package event

import "github.com/dustin/go-humanize"

// Bytes is a size in an event: a number to programs, "1.5 MiB" to people.
type Bytes int64

// String writes the size for people.
func (b Bytes) String() string { return humanize.IBytes(uint64(max(0, b))) }
