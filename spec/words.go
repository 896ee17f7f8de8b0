package spec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// words is a list of strings; numbers and booleans are taken as they are written.
func (b body) words(name string, into *[]string) bool {
	value, expr, ok := b.known(name)
	if !ok {
		return false
	}
	if t := value.Type(); !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		b.errorf(expr.Range(), "Wrong type of "+name, "This is %s, but %s is a list of strings, as in: %s = [\"...\"].",
			kind(t), name, name)
		return false
	}
	var out []string
	ranges := itemRanges(expr)
	for i, item := range value.AsValueSlice() {
		at := expr.Range()
		if i < len(ranges) {
			at = ranges[i]
		}
		word, err := word(item)
		if err != nil {
			b.invalid(at, name, err)
			ok = false
		}
		out = append(out, word)
	}
	if ok {
		*into = out
	}
	return ok
}

// itemRanges is where the items of a literal list are; of any other expression it is nothing.
func itemRanges(expr hcl.Expression) []hcl.Range {
	items, diags := hcl.ExprList(expr)
	if diags.HasErrors() {
		return nil
	}
	var out []hcl.Range
	for _, item := range items {
		out = append(out, item.Range())
	}
	return out
}

// word is one string for a program's arguments or environment.
func word(v cty.Value) (string, error) {
	if v.IsNull() {
		return "", fmt.Errorf("null is not a string: leave it out, or write \"\"")
	}
	if !v.Type().IsPrimitiveType() {
		return "", fmt.Errorf("%s is not a string: write a string, or use jsonencode()", kind(v.Type()))
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil {
		return "", err
	}
	return s.AsString(), noNUL(s.AsString())
}

// environment is an object of strings.
func (b body) environment(name string, into *map[string]string) {
	value, expr, ok := b.known(name)
	if !ok {
		return
	}
	if t := value.Type(); !t.IsObjectType() && !t.IsMapType() {
		b.errorf(expr.Range(), "Wrong type of "+name, "This is %s, but %s is an object of strings, as in: %s = { NAME = \"value\" }.",
			kind(t), name, name)
		return
	}
	out := map[string]string{}
	ranges := entryRanges(expr)
	for key, item := range value.AsValueMap() {
		at, found := ranges[key]
		if !found {
			at = expr.Range()
		}
		word, err := word(item)
		if err == nil {
			err = checkVariable(key)
		}
		if err != nil {
			b.errorf(at, "Invalid "+name, "Of %q: %s.", key, err)
		}
		out[key] = word
	}
	if len(out) > 0 {
		*into = out
	}
}

func checkVariable(name string) error {
	if name == "" || strings.ContainsAny(name, "=\x00") {
		return errors.New("the name of an environment variable is not empty and has no \"=\" and no NUL byte")
	}
	return nil
}

// entryRanges is where the entries of a literal object with literal keys are.
func entryRanges(expr hcl.Expression) map[string]hcl.Range {
	pairs, diags := hcl.ExprMap(expr)
	if diags.HasErrors() {
		return nil
	}
	out := map[string]hcl.Range{}
	for _, pair := range pairs {
		if key, diags := pair.Key.Value(nil); !diags.HasErrors() && key.Type() == cty.String && key.IsKnown() && !key.IsNull() {
			out[key.AsString()] = hcl.RangeBetween(pair.Key.Range(), pair.Value.Range())
		}
	}
	return out
}

// kind names a type for a message.
func kind(t cty.Type) string {
	switch {
	case t == cty.String:
		return "a string"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "a boolean"
	case t.IsObjectType() || t.IsMapType():
		return "an object"
	}
	return "a list"
}
