package cli

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
)

// didYouMean ends a message about an unknown name, if a known one is near. Of
// two as near the one as long is meant: letters are swapped more often than lost.
func didYouMean(name string, known []string) string {
	const tooFar = 3
	best, distance := "", tooFar
	for _, k := range known {
		d := levenshtein.Distance(strings.ToLower(name), k, nil)
		if d >= len(strings.TrimLeft(k, "-")) {
			continue
		}
		if d < distance || d == distance && d < tooFar && len(k) == len(name) {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}
