package hibernate

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// swapArea is a line of /proc/swaps; sizes in bytes.
type swapArea struct {
	path       string
	size, used uint64
	priority   int
}

func swapAreas() ([]swapArea, error) {
	text, err := os.ReadFile("/proc/swaps")
	if err != nil {
		return nil, err
	}
	return parseSwaps(string(text))
}

func parseSwaps(text string) ([]swapArea, error) {
	var areas []swapArea
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 5 {
			return nil, fmt.Errorf("read /proc/swaps: %d columns in %q", len(fields), line)
		}
		if fields[0] == "Filename" {
			continue
		}
		var area swapArea
		_, err := fmt.Sscan(strings.Join(fields[2:], " "), &area.size, &area.used, &area.priority)
		if err != nil {
			return nil, fmt.Errorf("read /proc/swaps: %q: %w", line, err)
		}
		area.path = unescape(fields[0])
		area.size *= 1024
		area.used *= 1024
		areas = append(areas, area)
	}
	return areas, nil
}

// unescape undoes the kernel's \ooo for blanks and backslashes.
func unescape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// findSwap returns the area on path, nil when that is not on.
func findSwap(path string) (*swapArea, error) {
	areas, err := swapAreas()
	if err != nil {
		return nil, err
	}
	for _, area := range areas {
		if area.path == path {
			return &area, nil
		}
	}
	return nil, nil
}

// nextPriority is above all swap areas there are, so that functions sleep in
// torpor's own.
func nextPriority() (int, error) {
	const lowest, highest = 100, 32767
	areas, err := swapAreas()
	priority := lowest
	for _, area := range areas {
		priority = max(priority, min(area.priority+1, highest))
	}
	return priority, err
}
