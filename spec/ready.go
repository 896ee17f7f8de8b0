package spec

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Ready is how a started function shows that it can serve: a TCP connect on the port of its first
// listener for TCP, or an HTTP GET of Path there. One that listens for UDP only is ready once it has
// bound the port of its first listener.
type Ready struct {
	Timeout time.Duration
	Path    string // "": connect only

	Range hcl.Range `json:"-"` // of the path
}

func (b body) ready() Ready {
	r := Ready{Timeout: 30 * time.Second, Range: b.rangeOf("path")}
	b.duration("timeout", &r.Timeout, time.Hour)
	b.text("path", &r.Path, "/healthz", checkURLPath)
	return r
}

// checkReady is about a path that nobody can be asked for.
func (b body) checkReady(f *Function) {
	tcp := func(l Listen) bool { return l.mayBe(ProtocolTCP) }
	if f.Ready.Path != "" && len(f.Listens) > 0 && !slices.ContainsFunc(f.Listens, tcp) {
		b.errorf(f.Ready.Range, "Path without TCP",
			"The path is asked for over TCP, but this function listens for udp only. Remove it: the function is ready once it has bound port %d.",
			f.Listens[0].Port)
	}
}

var urlPathForm = regexp.MustCompile(`^/[!-~]*$`)

func checkURLPath(path string) error {
	if !urlPathForm.MatchString(path) {
		return fmt.Errorf("%q is not the path of a URL: it begins with \"/\" and has no spaces, such as \"/healthz\"", path)
	}
	return nil
}
