package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// vocabulary is the names that a body can have.
type vocabulary struct {
	attrs, blocks, all []string
}

func newVocabulary(schema *hcl.BodySchema) vocabulary {
	var v vocabulary
	for _, a := range schema.Attributes {
		v.attrs = append(v.attrs, a.Name)
	}
	for _, b := range schema.Blocks {
		v.blocks = append(v.blocks, b.Type)
	}
	v.all = slices.Concat(v.attrs, v.blocks)
	return v
}

// meant is the known name that was written or likely meant.
func (v vocabulary) meant(name string) string {
	if slices.Contains(v.all, name) {
		return name
	}
	return nearest(name, v.all)
}

func (v vocabulary) unknownAttribute(name string, at hcl.Range) *hcl.Diagnostic {
	if slices.Contains(v.blocks, name) {
		return errorAt(at, "Block written as an attribute",
			fmt.Sprintf("%q is a block here: write %s { ... }, without the equals sign.", name, name))
	}
	return errorAt(at, "Unknown attribute",
		fmt.Sprintf("There is no attribute %q here.%s", name, didYouMean(name, v.all, v.list())))
}

func (v vocabulary) unknownBlock(kind string, at hcl.Range) *hcl.Diagnostic {
	if slices.Contains(v.attrs, kind) {
		return errorAt(at, "Attribute written as a block",
			fmt.Sprintf("%q is an attribute here: write %s = ..., with an equals sign.", kind, kind))
	}
	return errorAt(at, "Unknown block",
		fmt.Sprintf("There is no block %q here.%s", kind, didYouMean(kind, v.all, v.list())))
}

func (v vocabulary) list() string {
	var parts []string
	if len(v.attrs) > 0 {
		parts = append(parts, "attributes "+strings.Join(v.attrs, ", "))
	}
	if len(v.blocks) > 0 {
		parts = append(parts, "blocks "+strings.Join(v.blocks, ", "))
	}
	return "What can be written here: " + strings.Join(parts, "; ") + "."
}
