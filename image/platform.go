package image

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// platform is what this machine runs.
func platform() v1.Platform {
	return v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
}

// known tells whether p says anything: images put together by hand often have
// no platform, and BuildKit marks what is no image at all as "unknown".
func known(p *v1.Platform) bool {
	return p != nil && p.OS != "" && p.Architecture != ""
}

// A candidate is one image of several.
type candidate struct {
	name     string // a tag, or empty
	digest   string
	platform *v1.Platform
}

func (c candidate) String() string {
	words := []string{"no platform"}
	if known(c.platform) {
		words[0] = c.platform.String()
	}
	if c.name != "" {
		words = append(words, c.name)
	}
	return strings.Join(append(words, c.digest), " ")
}

// choose returns the index of the image for this machine.
func choose(list []candidate) (int, error) {
	if len(list) == 0 {
		return 0, errors.New("holds no image")
	}
	if len(list) == 1 && !known(list[0].platform) {
		return 0, nil
	}
	best := fitting(list, func(p *v1.Platform) bool { return p.Satisfies(platform()) })
	if len(best) > 1 {
		if plain := fitting(list, func(p *v1.Platform) bool { return p.Equals(platform()) }); len(plain) > 0 {
			best = plain
		}
	}
	switch len(best) {
	case 1:
		return best[0], nil
	case 0:
		return 0, fmt.Errorf("holds no image for %s, only: %s", platform(), names(list))
	default:
		return 0, fmt.Errorf("holds %d images for %s, so keep one of: %s", len(best), platform(), names(list))
	}
}

// fitting returns the indexes of those that fit, each image once.
func fitting(list []candidate, fits func(*v1.Platform) bool) []int {
	var found []int
	seen := map[string]bool{}
	for i, c := range list {
		if known(c.platform) && fits(c.platform) && !seen[c.digest] {
			seen[c.digest] = true
			found = append(found, i)
		}
	}
	return found
}

func names(list []candidate) string {
	const most = 10
	var words []string
	for _, c := range list[:min(len(list), most)] {
		words = append(words, c.String())
	}
	if len(list) > most {
		words = append(words, fmt.Sprintf("and %d more", len(list)-most))
	}
	return strings.Join(words, ", ")
}
