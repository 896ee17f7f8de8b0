package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// local is one attribute of a locals block. It is evaluated when first asked for.
type local struct {
	attr  *hcl.Attribute
	dir   string
	value cty.Value
	state localState
}

type localState int

const (
	localNew localState = iota
	localBusy
	localDone
)

// declare takes in one locals block.
func (s *scope) declare(block *hcl.Block, dir string) hcl.Diagnostics {
	attrs, diags := block.Body.JustAttributes()
	for name, attr := range attrs {
		if first, ok := s.locals[name]; ok {
			diags = append(diags, errorAt(attr.NameRange, "Duplicate local",
				fmt.Sprintf("The local %q is already defined at %s. Rename or remove one.", name, where(first.attr.NameRange))))
			continue
		}
		s.locals[name] = &local{attr: attr, dir: dir}
	}
	return diags
}

// local gives the value of one local; the diagnostics are of its first evaluation only. It is unknown if
// the local has a mistake, or is not there.
func (s *scope) local(name string) (cty.Value, hcl.Diagnostics) {
	l := s.locals[name]
	switch {
	case l == nil:
		return cty.DynamicVal, nil
	case l.state == localDone:
		return l.value, nil
	case l.state == localBusy:
		return cty.DynamicVal, hcl.Diagnostics{s.cycle(name)}
	}
	l.state = localBusy
	s.chain = append(s.chain, name)
	value, diags := s.value(l.attr.Expr, l.dir)
	s.chain = s.chain[:len(s.chain)-1]
	if diags.HasErrors() {
		value = cty.DynamicVal
	}
	l.value, l.state = value, localDone
	return l.value, diags
}

// allLocals gives every local, in an object.
func (s *scope) allLocals() (cty.Value, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	values := map[string]cty.Value{}
	for _, name := range slices.Sorted(maps.Keys(s.locals)) {
		value, more := s.local(name)
		values[name] = value
		diags = append(diags, more...)
	}
	return cty.ObjectVal(values), diags
}

// cycle is about a local that is asked for while it is being evaluated.
func (s *scope) cycle(name string) *hcl.Diagnostic {
	circle := slices.Concat(s.chain[slices.Index(s.chain, name):], []string{name})
	return errorAt(s.locals[name].attr.Range, "Locals in a circle",
		fmt.Sprintf("The value of local %q needs itself: %s. Give one of them a value of its own.",
			name, strings.Join(circle, " -> ")))
}
