package api

import "time"

// Why explains the state of one function.
type Why struct {
	Name    string   `json:"name"`
	State   string   `json:"state"`
	Reason  string   `json:"reason"`
	Facts   []string `json:"facts"`   // sentences about what counts now
	History []Event  `json:"history"` // newest last
}

// Event is something that happened to a function.
type Event struct {
	Time   time.Time `json:"time"`
	What   string    `json:"what"`
	Reason string    `json:"reason"`
}
