package gvisor

import "time"

// Timing is how long the parts of a start took, one after the other.
type Timing struct {
	Launcher time.Duration // until there was a launcher
	Create   time.Duration // until gVisor's processes were up
	Start    time.Duration // until they had started the program
}
