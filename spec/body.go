package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// decoder turns bodies into values and collects what is wrong with them.
type decoder struct {
	scope *scope
	diags hcl.Diagnostics
}

func (d *decoder) errorf(at hcl.Range, summary, format string, args ...any) {
	d.diags = append(d.diags, errorAt(at, summary, fmt.Sprintf(format, args...)))
}

// invalid reports what a check had to say about a value.
func (d *decoder) invalid(at hcl.Range, name string, err error) {
	d.errorf(at, "Invalid "+name, "%s", sentence(err))
}

// body is one block's content, or a file's, with nothing unknown left in it.
type body struct {
	*decoder
	dir    string    // what relative paths are relative to
	at     hcl.Range // where to report what is missing
	attrs  hcl.Attributes
	blocks hcl.Blocks
	names  map[string]bool // what was written, by its right name even if misspelt
}

// body takes a body apart by its schema and reports what the schema does not have.
func (d *decoder) body(raw *hclsyntax.Body, at hcl.Range, dir string, schema *hcl.BodySchema) body {
	// The schemas require nothing: only what decodes a block can say what to write instead.
	// All that is left for HCL to complain about is labels.
	content, _, _ := raw.PartialContent(schema)
	b := body{decoder: d, dir: dir, at: at, attrs: content.Attributes, blocks: content.Blocks, names: map[string]bool{}}
	words := newVocabulary(schema)
	for name, attr := range raw.Attributes {
		b.names[words.meant(name)] = true
		if !slices.Contains(words.attrs, name) {
			d.diags = append(d.diags, words.unknownAttribute(name, attr.NameRange))
		}
	}
	for _, block := range raw.Blocks {
		b.names[words.meant(block.Type)] = true
		i := slices.Index(words.blocks, block.Type)
		if i < 0 {
			d.diags = append(d.diags, words.unknownBlock(block.Type, block.TypeRange))
			continue
		}
		d.labels(block, schema.Blocks[i])
	}
	return b
}

// labels checks the names after a block's type. Blocks have one, or none.
func (d *decoder) labels(block *hclsyntax.Block, schema hcl.BlockHeaderSchema) {
	switch want, have := len(schema.LabelNames), len(block.Labels); {
	case have < want:
		d.errorf(block.TypeRange, "Missing name", "Give this block a name: write %s \"NAME\" { ... }.", block.Type)
	case have > want && want == 0:
		d.errorf(block.LabelRanges[0], "Name not needed", "This block has no name: write %s { ... }.", block.Type)
	case have > want:
		d.errorf(block.LabelRanges[want], "Too many names", "This block has one name: write %s %q { ... }.", block.Type, block.Labels[0])
	}
}

func (b body) open(block *hcl.Block, schema *hcl.BodySchema) body {
	return b.decoder.body(block.Body.(*hclsyntax.Body), block.DefRange, b.dir, schema)
}

// all gives the blocks of one type.
func (b body) all(kind string) []*hcl.Block { return b.blocks.OfType(kind) }

// one gives the only block of a type, or nil.
func (b body) one(kind string) *hcl.Block {
	blocks := b.all(kind)
	if len(blocks) == 0 {
		return nil
	}
	for _, extra := range blocks[1:] {
		b.errorf(extra.DefRange, "Duplicate block", "There is a %s block at %s already. Put everything into that one.",
			kind, where(blocks[0].DefRange))
	}
	return blocks[0]
}

// inner opens the only block of a type. It is empty if there is no such block.
func (b body) inner(kind, attributes string) body {
	if block := b.one(kind); block != nil {
		return b.open(block, schema(attributes))
	}
	return body{decoder: b.decoder, dir: b.dir, at: b.at}
}

// attributes and the blocks given make a schema.
func schema(attributes string, blocks ...hcl.BlockHeaderSchema) *hcl.BodySchema {
	s := &hcl.BodySchema{Blocks: blocks}
	for _, name := range strings.Fields(attributes) {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: name})
	}
	return s
}

// rangeOf is where the first of these attributes is that is there, or else where the block is.
func (b body) rangeOf(names ...string) hcl.Range {
	for _, name := range names {
		if attr := b.attrs[name]; attr != nil {
			return attr.Range
		}
	}
	return b.at
}
