package spec

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// minMemory is the least that a function, the budget, swap or a day's writes can be given.
const minMemory = 16 * MiB

// Node is the node block: what is shared by all functions.
type Node struct {
	MemoryBudget Bytes // that all sandboxes together may keep resident; 0: not set
	// Pressure is the share of time, in per cent, that processes of the machine
	// may wait for memory before idle functions sleep; 0: not set.
	Pressure float64
	// PressureIgnored says that no share of time matters.
	PressureIgnored bool
	Swap            Swap
	KVM             KVM
	Range           hcl.Range `json:"-"`
	BudgetRange     hcl.Range `json:"-"`
}

// Swap is the node's swap space for hibernated functions.
type Swap struct {
	Enabled bool   // a swap block is there
	Path    string // absolute; "": the default place
	Size    Bytes
	// WritesPerDay is what may be written to it in 24 hours before functions stop
	// sleeping for mere idleness, to spare the disk; 0: no matter how much.
	WritesPerDay Bytes
	Range        hcl.Range `json:"-"`
}

// KVM is what functions in virtual machines share.
type KVM struct {
	Kernel string    // absolute path of a bzImage or ELF; "": the host's own
	Range  hcl.Range `json:"-"`
}

func nodeSchema() *hcl.BodySchema {
	return schema("memory_budget pressure", hcl.BlockHeaderSchema{Type: "swap"}, hcl.BlockHeaderSchema{Type: "kvm"})
}

func (b body) node() Node {
	n := Node{Range: b.at, BudgetRange: b.at}
	if b.size("memory_budget", &n.MemoryBudget, minMemory) {
		n.BudgetRange = b.attrs["memory_budget"].Range
	}
	parsed(b, "pressure", &n.Pressure, "10%", func(s string) (float64, error) {
		if s == "never" {
			n.PressureIgnored = true
			return 0, nil
		}
		return parsePressure(s)
	})
	if block := b.one("swap"); block != nil {
		n.Swap = b.open(block, schema("path size writes_per_day")).swap()
	}
	if block := b.one("kvm"); block != nil {
		n.KVM = b.open(block, schema("kernel")).kvm()
	}
	return n
}

// parsePressure reads per cent of time, from 1 to 100.
func parsePressure(s string) (float64, error) {
	number, found := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(number, 64)
	if !found || err != nil || !(f >= 1 && f <= 100) {
		return 0, fmt.Errorf("%q is not a share of time: write \"1%%\" to \"100%%\", or \"never\"", s)
	}
	return f, nil
}

func (b body) swap() Swap {
	s := Swap{Enabled: true, Range: b.at}
	b.text("path", &s.Path, "/var/lib/torpor/swap", checkAbsolute)
	b.size("size", &s.Size, minMemory)
	b.size("writes_per_day", &s.WritesPerDay, minMemory)
	if !b.names["size"] {
		b.errorf(b.at, "Missing size", "A swap block needs a size: write size = \"16GiB\".")
	}
	return s
}

func (b body) kvm() KVM {
	k := KVM{Range: b.at}
	b.text("kernel", &k.Kernel, "/boot/vmlinuz-6.1.0-44-cloud-amd64", checkAbsolute)
	return k
}

// checkAbsolute is about paths that no folder is a sensible start for.
func checkAbsolute(path string) error {
	switch {
	case !filepath.IsAbs(path):
		return fmt.Errorf("%q is not an absolute path: write it with a leading \"/\"", path)
	case filepath.Clean(path) == "/":
		return fmt.Errorf("%q is the root folder: name something below it", path)
	case filepath.Clean(path) != path:
		return fmt.Errorf("%q is not in its plain form: write %q", path, filepath.Clean(path))
	}
	return nil
}
