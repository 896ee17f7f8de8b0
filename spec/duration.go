package spec

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// parseDuration reads a time above zero and at most max. The error says what to write instead.
func parseDuration(s string, max time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration: write %q", s, likelyDuration(s))
	case d <= 0:
		return 0, fmt.Errorf("%q is too short: write a time above zero, such as \"30s\"", s)
	case d > max:
		return 0, fmt.Errorf("%q is too long: write at most %q", s, hours(max))
	}
	return d, nil
}

var daysForm = regexp.MustCompile(`^([0-9]{1,4})d$`)

// likelyDuration is what was probably meant.
func likelyDuration(s string) string {
	tight := strings.ReplaceAll(strings.ToLower(s), " ", "")
	if _, err := time.ParseDuration(tight); err == nil {
		return tight
	}
	if _, err := time.ParseDuration(tight + "s"); err == nil {
		return tight + "s"
	}
	if m := daysForm.FindStringSubmatch(tight); m != nil {
		days, _ := time.ParseDuration(m[1] + "h")
		return hours(days * 24)
	}
	return "30s"
}

// hours is a whole number of hours without the zeros of minutes and seconds.
func hours(d time.Duration) string { return strings.TrimSuffix(d.String(), "0m0s") }
