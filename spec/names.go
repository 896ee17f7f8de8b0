package spec

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/agext/levenshtein"
)

// didYouMean is the end of a message about an unknown name: the nearest known one, or else what to do.
func didYouMean(name string, known []string, otherwise string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf(" Did you mean %q?", near)
	}
	return " " + otherwise
}

// nearest is the known name that is likely meant by a misspelt one, or "".
func nearest(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		d := levenshtein.Distance(strings.ToLower(name), k, nil)
		if d < distance && d < len(k) {
			best, distance = k, d
		}
	}
	return best
}

// quoted lists names for a message: "a", "b" or "c".
func quoted(names []string) string {
	var b strings.Builder
	for i, name := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", name)
	}
	return b.String()
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// checkName is about the names of functions and listeners, which become parts of file, unit and cgroup
// names.
func checkName(name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q is not a name: use 1 to 63 of a-z, 0-9 and \"-\", the first one not \"-\"", name)
}
