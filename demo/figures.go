package main

import (
	"errors"
	"fmt"

	"torpor/demo/measure"
)

const (
	maxAsleep = 0.10 // of warm memory
	maxWake   = 0.25 // of a cold start
)

// judge is an error for every row that is not good enough.
func judge(rows []measure.Row) error {
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
