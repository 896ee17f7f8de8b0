package process

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// OwnMemory is what processes keep resident together besides what is a guest's or a sandbox's memory, which is a file
// in memory (memfd_create(2)); in bytes of PSS. Those that share their address space count once.
func OwnMemory(pids []int) (sum int64, err error) {
	var counted []int
	for _, pid := range pids {
		if sharesMemory(pid, counted) {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", pid))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended since
		}
		if err != nil {
			return 0, fmt.Errorf("process: %w", err)
		}
		counted = append(counted, pid)
		sum += ownOf(text)
	}
	return sum, nil
}

// ownOf reads proc_pid_smaps(5).
func ownOf(smaps []byte) (sum int64) {
	own := false
	for lines := bufio.NewScanner(bytes.NewReader(smaps)); lines.Scan(); {
		line := lines.Text()
		var start, end uint64
		if n, _ := fmt.Sscanf(line, "%x-%x ", &start, &end); n == 2 {
			own = !strings.Contains(line, " /memfd:")
		}
		var kib int64
		if n, _ := fmt.Sscanf(line, "Pss: %d kB", &kib); n == 1 && own {
			sum += kib << 10
		}
	}
	return sum
}
