package process

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
)

// Memory is what a process keeps resident, in bytes.
type Memory struct {
	RSS int64 // all of it
	PSS int64 // with what it shares split among those that share it
}

// MemoryOf reads smaps_rollup (proc_pid_smaps(5)).
func MemoryOf(pid int) (m Memory, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return m, fmt.Errorf("process: %w", err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var kib int64
		if n, _ := fmt.Sscanf(lines.Text(), "Rss: %d kB", &kib); n == 1 {
			m.RSS = kib << 10
		}
		if n, _ := fmt.Sscanf(lines.Text(), "Pss: %d kB", &kib); n == 1 {
			m.PSS = kib << 10
		}
	}
	return m, nil
}
