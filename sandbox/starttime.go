package sandbox

import (
	"fmt"
	"os"
	"strings"
)

// StartTime is when a process started, in clock ticks since boot (proc(5), stat field
// 22), or "" if there is no such process: with it a PID that was used again is told
// from the real one.
func StartTime(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	const field = 19 // counted after the name, which may hold anything
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) <= field {
		return ""
	}
	return fields[field]
}
