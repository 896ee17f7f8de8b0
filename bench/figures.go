package main

import (
	"fmt"
	"strings"
	"time"

	"torpor/demo/measure"
)

func ms(times []time.Duration) float64 { return measure.Milliseconds(measure.Median(times)) }

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

func fraction(part, whole int64) float64 { return float64(part) / float64(whole) }

func both(a, b float64) string { return number(a) + " / " + number(b) }

func three(theirs, pss, cgroup float64) string {
	return fmt.Sprintf("%s / %s (%s)", number(theirs), number(pss), number(cgroup))
}

// number has two or three digits that count.
func number(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "; ") }
