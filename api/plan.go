package api

import "torpor/spec"

// Plan is what a folder of HCL files would change on the node. With errors
// among the diagnostics there are no changes.
type Plan struct {
	Path        string            `json:"path"`
	Changes     []Change          `json:"changes"`
	Diagnostics []spec.Diagnostic `json:"diagnostics"`
}

// Change is about one function.
type Change struct {
	Function string     `json:"function"`
	Kind     ChangeKind `json:"kind"`
	Details  []string   `json:"details"`
}

// ChangeKind says what would happen to a function.
type ChangeKind string

// The kinds of changes.
const (
	Add     ChangeKind = "add"
	Remove  ChangeKind = "remove"
	Replace ChangeKind = "replace" // by a new sandbox
	Update  ChangeKind = "update"  // in place, nothing restarts
	None    ChangeKind = "none"
)
