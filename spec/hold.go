package spec

import "time"

// Hold bounds the connections that wait while a function is not awake.
type Hold struct {
	Connections int           // that wait at once
	Timeout     time.Duration // for each
}

func (b body) hold() Hold {
	h := Hold{Connections: 1024, Timeout: 30 * time.Second}
	b.integer("connections", &h.Connections, 1, 1<<20)
	b.duration("timeout", &h.Timeout, time.Hour)
	return h
}
