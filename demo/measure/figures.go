package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"time"
)

// Median is the middle of values, of which there has to be one; of an even number, the lower middle.
func Median[T int64 | time.Duration](values []T) T {
	return Quantile(values, 0.5)
}

// Quantile is the least of values that at least a share q, of 0 to 1, is not above. There has to be one.
func Quantile[T int64 | time.Duration](values []T, q float64) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// Milliseconds keeps microseconds as decimals.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// WriteJSON writes rows for programs to read.
func WriteJSON(path string, rows any) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	return nil
}
