package spec

import (
	"fmt"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
)

// minMemory is the least memory that a function, the budget or swap can be given.
const minMemory = 16 * MiB

// Node is the node block: what is shared by all functions.
type Node struct {
	MemoryBudget Bytes // that all sandboxes together may keep resident; 0: not set
	Swap         Swap
	Range        hcl.Range `json:"-"`
	BudgetRange  hcl.Range `json:"-"`
}

// Swap is the node's swap space for hibernated functions.
type Swap struct {
	Enabled bool   // a swap block is there
	Path    string // absolute; "": the default place
	Size    Bytes
	Range   hcl.Range `json:"-"`
}

func nodeSchema() *hcl.BodySchema {
	return schema("memory_budget", hcl.BlockHeaderSchema{Type: "swap"})
}

func (b body) node() Node {
	n := Node{Range: b.at, BudgetRange: b.at}
	if b.size("memory_budget", &n.MemoryBudget, minMemory) {
		n.BudgetRange = b.attrs["memory_budget"].Range
	}
	if block := b.one("swap"); block != nil {
		n.Swap = b.open(block, schema("path size")).swap()
	}
	return n
}

func (b body) swap() Swap {
	s := Swap{Enabled: true, Range: b.at}
	b.text("path", &s.Path, "/var/lib/torpor/swap", checkAbsolute)
	b.size("size", &s.Size, minMemory)
	if !b.names["size"] {
		b.errorf(b.at, "Missing size", "A swap block needs a size: write size = \"16GiB\".")
	}
	return s
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
