package api

import "torpor/spec"

// Status is the node and all of its functions, as they are now.
type Status struct {
	Node      Node       `json:"node"`
	Functions []Function `json:"functions"` // by name
}

// Node is what the functions share.
type Node struct {
	BudgetBytes   int64 `json:"budget_bytes"` // 0: not set
	ResidentBytes int64 `json:"resident_bytes"`
	SwapUsedBytes int64 `json:"swap_used_bytes"`
	SwapSizeBytes int64 `json:"swap_size_bytes"` // 0: hibernation is off
	// SwapWrittenBytes is what sleeps wrote to swap in the last 24 hours, and
	// SwapWritesPerDayBytes how much of that there may be; 0: no matter how much.
	SwapWrittenBytes      int64             `json:"swap_written_bytes"`
	SwapWritesPerDayBytes int64             `json:"swap_writes_per_day_bytes"`
	MemoryVisible         bool              `json:"memory_visible"` // false: the sizes are not to be trusted, nobody sleeps
	ConfigOK              bool              `json:"config_ok"`
	Diagnostics           []spec.Diagnostic `json:"diagnostics,omitempty"`
	Notes                 []string          `json:"notes,omitempty"` // sentences, such as "hibernation is off: ..."
}

// Function is one declared function.
type Function struct {
	Name             string  `json:"name"`
	Isolation        string  `json:"isolation"`
	State            string  `json:"state"`
	Busy             int     `json:"busy"` // requests in flight
	ResidentBytes    int64   `json:"resident_bytes"`
	WarmBytes        int64   `json:"warm_bytes"` // resident when it was last warm
	SwappedBytes     int64   `json:"swapped_bytes"`
	Connections      int     `json:"connections"` // open
	Waiting          int     `json:"waiting"`     // of those, held until it is awake
	PID              int     `json:"pid"`         // 0: none
	Wakes            int     `json:"wakes"`
	ColdStarts       int     `json:"cold_starts"`
	LastColdStartMS  float64 `json:"last_cold_start_ms"` // 0: there was none yet
	LastWakeMS       float64 `json:"last_wake_ms"`
	LastHibernateMS  float64 `json:"last_hibernate_ms"`
	LastWrittenBytes int64   `json:"last_written_bytes"` // to swap, by its last sleep
	IdleSeconds      float64 `json:"idle_seconds"`
	Reason           string  `json:"reason"` // why it is in this state
}
