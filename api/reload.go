package api

import "torpor/spec"

// Reload is how it went to read the node's HCL files anew. With errors among the
// diagnostics the last good configuration stays in force.
type Reload struct {
	Functions   int               `json:"functions"` // that are declared by what is in force
	Diagnostics []spec.Diagnostic `json:"diagnostics"`
}
