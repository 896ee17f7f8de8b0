package spec

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// scope is what expressions can see: functions and locals.
type scope struct {
	lookupEnv  func(string) (string, bool)
	locals     map[string]*local
	incomplete bool     // some file could not be read: locals may be missing for that reason
	dirs       []string // folders of the files that file() was asked for

	chain     []string                                // the locals being evaluated, outermost first
	functions map[string]map[string]function.Function // by folder
}

func newScope(lookupEnv func(string) (string, bool)) *scope {
	return &scope{
		lookupEnv: lookupEnv,
		locals:    map[string]*local{},
		functions: map[string]map[string]function.Function{},
	}
}

// value evaluates an expression of a file in dir. What depends on a mistake that has been reported
// already is unknown.
func (s *scope) value(expr hcl.Expression, dir string) (cty.Value, hcl.Diagnostics) {
	visible, diags := s.references(expr)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	value, more := expr.Value(&hcl.EvalContext{
		Variables: map[string]cty.Value{"local": visible},
		Functions: s.functionsIn(dir),
	})
	return value, append(diags, more...)
}

func (s *scope) functionsIn(dir string) map[string]function.Function {
	if s.functions[dir] == nil {
		s.functions[dir] = s.newFunctions(dir)
	}
	return s.functions[dir]
}

// references gives the locals that an expression names, evaluated.
func (s *scope) references(expr hcl.Expression) (cty.Value, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	values := map[string]cty.Value{}
	for _, traversal := range expr.Variables() {
		if traversal.RootName() != "local" {
			diags = append(diags, unknownVariable(traversal))
			continue
		}
		name, one := localName(traversal)
		if !one {
			all, more := s.allLocals()
			return all, append(diags, more...)
		}
		if _, ok := s.locals[name]; !ok && !s.incomplete {
			diags = append(diags, s.unknownLocal(name, traversal.SourceRange()))
			continue
		}
		value, more := s.local(name)
		values[name] = value
		diags = append(diags, more...)
	}
	return cty.ObjectVal(values), diags
}

// localName is the name after "local."; there is none if the expression takes all locals together.
func localName(t hcl.Traversal) (string, bool) {
	if len(t) < 2 {
		return "", false
	}
	switch step := t[1].(type) {
	case hcl.TraverseAttr:
		return step.Name, true
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() {
			return step.Key.AsString(), true
		}
	}
	return "", false
}

func unknownVariable(t hcl.Traversal) *hcl.Diagnostic {
	name := t.RootName()
	detail := fmt.Sprintf("There is no variable %q. Values of locals blocks are called local.NAME, "+
		"environment variables env(\"NAME\"); a string needs quotes: %q.", name, name)
	return errorAt(t.SourceRange(), "Unknown variable", detail)
}

func (s *scope) unknownLocal(name string, at hcl.Range) *hcl.Diagnostic {
	names := slices.Sorted(maps.Keys(s.locals))
	detail := fmt.Sprintf("There is no local %q.%s", name, didYouMean(name, names, "Define it in a locals block."))
	return errorAt(at, "Unknown local", detail)
}
