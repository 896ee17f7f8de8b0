package spec

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// The methods below decode one attribute each. They report whether a value was stored: they leave the
// target, with its default, where the attribute is absent or null, and where they had something to say.

// known evaluates an attribute. It is false for what is absent, null or wrong.
func (b body) known(name string) (cty.Value, hcl.Expression, bool) {
	attr := b.attrs[name]
	if attr == nil {
		return cty.NilVal, nil, false
	}
	value, diags := b.scope.value(attr.Expr, b.dir)
	b.diags = append(b.diags, diags...)
	if diags.HasErrors() || !value.IsKnown() {
		return cty.NilVal, nil, false
	}
	if value.IsNull() {
		delete(b.names, name)
		return cty.NilVal, nil, false
	}
	if !value.IsWhollyKnown() {
		return cty.NilVal, nil, false
	}
	return value, attr.Expr, true
}

// typed is known for one primitive type. The example is what to write instead of another type.
func (b body) typed(name string, want cty.Type, example string) (cty.Value, hcl.Range, bool) {
	value, expr, ok := b.known(name)
	if !ok {
		return cty.NilVal, hcl.Range{}, false
	}
	if !value.Type().Equals(want) {
		b.errorf(expr.Range(), "Wrong type of "+name, "This is %s, but %s is %s, as in: %s = %s.",
			kind(value.Type()), name, kind(want), name, example)
		return cty.NilVal, hcl.Range{}, false
	}
	return value, expr.Range(), true
}

// parsed decodes a string attribute with a parser whose error says what to write instead.
func parsed[T any](b body, name string, into *T, example string, parse func(string) (T, error)) bool {
	value, at, ok := b.typed(name, cty.String, fmt.Sprintf("%q", example))
	if !ok {
		return false
	}
	out, err := plain(value.AsString(), parse)
	if err != nil {
		b.invalid(at, name, err)
		return false
	}
	*into = out
	return true
}

// plain parses what has no NUL byte and is not empty: no attribute takes those.
func plain[T any](s string, parse func(string) (T, error)) (out T, err error) {
	if s == "" {
		return out, fmt.Errorf("it is empty: give a value, or leave the attribute out")
	}
	if err := noNUL(s); err != nil {
		return out, err
	}
	return parse(s)
}

func noNUL(s string) error {
	if strings.ContainsRune(s, 0) {
		return fmt.Errorf("the string holds a NUL byte, which no program can be given: remove it")
	}
	return nil
}

// text is a string that check has nothing against.
func (b body) text(name string, into *string, example string, check func(string) error) bool {
	return parsed(b, name, into, example, func(s string) (string, error) { return s, check(s) })
}

// path is a path of the host, made absolute.
func (b body) path(name string, into *string, example string) bool {
	return parsed(b, name, into, example, func(s string) (string, error) { return absolute(b.dir, s), nil })
}

// choice is one of some words.
func (b body) choice(name string, into *string, words ...string) bool {
	return b.text(name, into, words[0], func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		hint := ""
		if near := nearest(s, words); near != "" {
			hint = fmt.Sprintf(" (did you mean %q?)", near)
		}
		return fmt.Errorf("%q%s is not a value of %s: write %s", s, hint, name, quoted(words))
	})
}

// size is a size of at least min.
func (b body) size(name string, into *Bytes, min Bytes) bool {
	return parsed(b, name, into, "512MiB", func(s string) (Bytes, error) {
		size, err := ParseBytes(s)
		if err == nil && size < min {
			err = fmt.Errorf("%s is too small: write at least %q", size, min)
		}
		return size, err
	})
}

// duration is a time above zero and at most max.
func (b body) duration(name string, into *time.Duration, max time.Duration) bool {
	return parsed(b, name, into, "30s", func(s string) (time.Duration, error) { return parseDuration(s, max) })
}

// flag is true or false.
func (b body) flag(name string, into *bool) bool {
	value, _, ok := b.typed(name, cty.Bool, "true")
	if ok {
		*into = value.True()
	}
	return ok
}

// integer is a whole number from min to max.
func (b body) integer(name string, into *int, min, max int) bool {
	value, at, ok := b.typed(name, cty.Number, fmt.Sprint(min))
	if !ok {
		return false
	}
	n, accuracy := value.AsBigFloat().Int64()
	if accuracy != big.Exact || n < int64(min) || n > int64(max) {
		b.errorf(at, "Invalid "+name, "%s does not fit: write a whole number from %d to %d.", number(value), min, max)
		return false
	}
	*into = int(n)
	return true
}

// fraction is a number above zero and at most max.
func (b body) fraction(name string, into *float64, max float64) bool {
	value, at, ok := b.typed(name, cty.Number, "0.5")
	if !ok {
		return false
	}
	f, _ := value.AsBigFloat().Float64()
	if f <= 0 || f > max || math.IsNaN(f) {
		b.errorf(at, "Invalid "+name, "%s does not fit: write a number above 0 and up to %g, such as 0.5.", number(value), max)
		return false
	}
	*into = f
	return true
}

func number(v cty.Value) string { return v.AsBigFloat().Text('g', 10) }
