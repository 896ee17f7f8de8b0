package main

import (
	"encoding/json"
	"fmt"
	"time"

	"torpor/demo/measure"
)

// row is one line of the results for programs: what was measured, how often, and figures by name.
type row struct {
	System   string // what was measured: torpor, or what it is compared with
	Workload string
	N        int // measurements that each latency comes from, at least
	figures  []figure
}

// figure is a value, of the unit at the end of its name.
type figure struct {
	name  string
	value any // string, float64 or int64
}

func (r *row) add(name string, value any) { r.figures = append(r.figures, figure{name, value}) }

// addTimes adds percentiles, name_p50 and so on.
func (r *row) addTimes(name string, times []time.Duration) {
	for _, percent := range []int{50, 90, 99} {
		r.add(fmt.Sprintf("%s_p%d", name, percent), measure.Milliseconds(percentile(times, percent)))
	}
}

// MarshalJSON implements json.Marshaler: figures are fields beside the others.
func (r row) MarshalJSON() ([]byte, error) {
	fields := append([]figure{{"system", r.System}, {"workload", r.Workload}, {"n", r.N}}, r.figures...)
	text := []byte{'{'}
	for i, f := range fields {
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, fmt.Errorf("bench: %s: %w", f.name, err)
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, "%q:%s", f.name, value)
	}
	return append(text, '}'), nil
}

func percentile(times []time.Duration, percent int) time.Duration {
	return measure.Quantile(times, float64(percent)/100)
}
