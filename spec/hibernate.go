package spec

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Hibernate is when a function sleeps.
type Hibernate struct {
	After     time.Duration // of being idle
	Never     bool          // it does not sleep: After does not count
	Priority  int           // 0 to 100: a higher one sleeps later
	IdleCPU   float64       // per cent of one core: below it, a function without requests is idle
	Prefetch  bool          // a wake fetches what the one before used; without, memory comes back page by page
	Evict     bool          // asleep, it may be stopped where swap has no room for one that must sleep
	BusyLimit time.Duration // a request without a byte in either direction for so long is not in flight
}

func (b body) hibernate() Hibernate {
	h := Hibernate{After: 30 * time.Second, IdleCPU: 5, Prefetch: true, Evict: true, BusyLimit: 15 * time.Minute}
	parsed(b, "after", &h.After, "30s", func(s string) (time.Duration, error) {
		if s == "never" {
			h.Never = true
			return h.After, nil
		}
		return parseAfter(s)
	})
	b.integer("priority", &h.Priority, 0, 100)
	parsed(b, "idle_cpu", &h.IdleCPU, "5%", parsePercent)
	b.flag("prefetch", &h.Prefetch)
	b.flag("evict", &h.Evict)
	b.duration("busy_limit", &h.BusyLimit, 30*24*time.Hour)
	return h
}

func parseAfter(s string) (time.Duration, error) {
	d, err := parseDuration(s, 365*24*time.Hour)
	if err != nil {
		return 0, fmt.Errorf("%w, or \"never\"", err)
	}
	return d, nil
}

// parsePercent reads per cent of one core, above 0 and up to 100.
func parsePercent(s string) (float64, error) {
	number, found := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(number, 64)
	switch {
	case err == nil && !found && f > 0 && f <= 100:
		return 0, fmt.Errorf("%q is not a percentage: write %q", s, number+"%")
	case err != nil || !(f > 0 && f <= 100):
		return 0, fmt.Errorf("%q is not a percentage of one core: write more than \"0%%\" and up to \"100%%\"", s)
	}
	return f, nil
}
