package hibernate

import (
	"fmt"
	"os"
	"strings"
)

// memfds lists where a process has mapped shared memory, which goes to swap
// although the kernel calls it a file.
func memfds(pid int) ([]span, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	return parseMemfds(string(text))
}

// parseMemfds reads lines such as (proc_pid_maps(5))
//
//	7f0b15000000-7f0b15200000 rw-s 00000000 00:01 1034 /memfd:runsc-memory (deleted)
func parseMemfds(maps string) (found []span, err error) {
	for line := range strings.Lines(maps) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasPrefix(fields[5], "/memfd:") {
			continue
		}
		var start, end uint64
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &start, &end); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		found = appendSpan(found, span{first: start / pageSize, count: uint32((end - start) / pageSize)})
	}
	return found, nil
}
