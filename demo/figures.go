package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	maxAsleep = 0.10 // of warm memory
	maxWake   = 0.25 // of a cold start
)

// median is the middle of values, of which there has to be one; of an even number, the lower middle.
func median[T int64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// judge is an error for every row that is not good enough.
func judge(rows []row) error {
	var errs []error
	for _, r := range rows {
		if kept := share(r.HibernatedBytes, r.WarmBytes); kept > maxAsleep {
			errs = append(errs, fmt.Errorf("%s keeps %.1f %% of its warm memory asleep, more than %.0f %%", r.Name, 100*kept, 100*maxAsleep))
		}
		if r.WakeMS > maxWake*r.ColdMS {
			errs = append(errs, fmt.Errorf("%s wakes in %.1f ms, slower than a quarter of its cold start, %.1f ms", r.Name, r.WakeMS, r.ColdMS))
		}
	}
	return errors.Join(errs...)
}

func share(part, whole int64) float64 { return float64(part) / float64(whole) }

func writeJSON(path string, rows []row) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}
