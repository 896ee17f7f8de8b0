package spec

import (
	"fmt"
	"regexp"
	"time"
)

// Ready is how a started function shows that it can serve: a TCP connect on its first listener, or an
// HTTP GET of Path there.
type Ready struct {
	Timeout time.Duration
	Path    string // "": connect only
}

func (b body) ready() Ready {
	r := Ready{Timeout: 30 * time.Second}
	b.duration("timeout", &r.Timeout, time.Hour)
	b.text("path", &r.Path, "/healthz", checkURLPath)
	return r
}

var urlPathForm = regexp.MustCompile(`^/[!-~]*$`)

func checkURLPath(path string) error {
	if !urlPathForm.MatchString(path) {
		return fmt.Errorf("%q is not the path of a URL: it begins with \"/\" and has no spaces, such as \"/healthz\"", path)
	}
	return nil
}
