package spec

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

func fileSchema() *hcl.BodySchema {
	return schema("",
		hcl.BlockHeaderSchema{Type: "node"},
		hcl.BlockHeaderSchema{Type: "function", LabelNames: []string{"name"}},
		hcl.BlockHeaderSchema{Type: "locals"},
	)
}

// files decodes parsed files as one node. Locals come first: any file's expressions can use them.
func (d *decoder) files(files []file) *Config {
	var bodies []body
	for _, f := range files {
		bodies = append(bodies, d.body(f.body, f.body.MissingItemRange(), f.dir, fileSchema()))
	}
	d.locals(bodies)
	c := &Config{Node: d.nodes(bodies), Functions: d.functions(bodies)}
	d.limitMemory(c)
	d.claims(c.Functions)
	slices.SortFunc(c.Functions, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// locals declares all locals, then evaluates them, used or not.
func (d *decoder) locals(files []body) {
	for _, file := range files {
		for _, block := range file.all("locals") {
			d.diags = append(d.diags, d.scope.declare(block, file.dir)...)
		}
	}
	_, diags := d.scope.allLocals()
	d.diags = append(d.diags, diags...)
}

// nodes decodes the one node block there may be.
func (d *decoder) nodes(files []body) Node {
	var first *Node
	for _, file := range files {
		for _, block := range file.all("node") {
			n := file.open(block, nodeSchema()).node()
			if first != nil {
				d.errorf(n.Range, "Duplicate node", "There is a node block at %s already. Put everything into that one.", where(first.Range))
				continue
			}
			first = &n
		}
	}
	if first == nil {
		return Node{}
	}
	return *first
}

// functions decodes every function block. Of those with one name, the first counts; the others are only
// checked.
func (d *decoder) functions(files []body) []Function {
	var out []Function
	names := map[string]hcl.Range{}
	for _, file := range files {
		for _, block := range file.all("function") {
			name := block.Labels[0]
			if err := checkName(name); err != nil {
				d.invalid(block.LabelRanges[0], "name", err)
			}
			f := file.open(block, functionSchema()).function(name)
			if first, taken := names[name]; taken {
				d.errorf(block.LabelRanges[0], "Duplicate function", "There is a function %q at %s already. Rename or remove one.", name, where(first))
				continue
			}
			names[name] = f.Range
			out = append(out, f)
		}
	}
	return out
}
