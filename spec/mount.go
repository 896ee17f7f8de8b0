package spec

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Mount shows a file or folder of the host in a sandbox.
type Mount struct {
	Source   string // absolute, on the host; existed when read
	Target   string // absolute, in the sandbox
	Writable bool
	Range    hcl.Range `json:"-"`
}

func (b body) mounts() []Mount {
	var out []Mount
	targets := map[string]hcl.Range{}
	for _, block := range b.all("mount") {
		m := b.open(block, schema("source target writable")).mount()
		if first, taken := targets[m.Target]; taken && m.Target != "" {
			b.errorf(m.Range, "Duplicate mount", "%s is the target of the mount at %s already. Choose another target.",
				m.Target, where(first))
			continue
		}
		targets[m.Target] = m.Range
		out = append(out, m)
	}
	return out
}

func (b body) mount() Mount {
	m := Mount{Range: b.at}
	if b.path("source", &m.Source, "/srv/data") {
		b.checkSource(m.Source)
	}
	b.text("target", &m.Target, "/data", checkAbsolute)
	b.flag("writable", &m.Writable)
	for _, name := range []string{"source", "target"} {
		if !b.names[name] {
			b.errorf(b.at, "Missing "+name, "A mount block needs a source on this machine and a target in the sandbox: write %s = \"...\".", name)
		}
	}
	return m
}

func (b body) checkSource(source string) {
	_, err := os.Stat(source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.errorf(b.rangeOf("source"), "Missing source", "%s does not exist. Create it, or correct the path.", source)
	case err != nil:
		b.errorf(b.rangeOf("source"), "Unusable source", "%s cannot be mounted: %s.", source, cause(err))
	}
}

// mounted tells whether a path in the sandbox is in one of the mounts.
func mounted(path string, mounts []Mount) bool {
	for _, m := range mounts {
		if path == m.Target || strings.HasPrefix(path, m.Target+"/") {
			return true
		}
	}
	return false
}
