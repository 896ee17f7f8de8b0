package spec

import (
	"cmp"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

func errorAt(at hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at}
}

// pathError is about a path whose text there is nothing to show of. Line 0 says so.
func pathError(path, summary, detail string) *hcl.Diagnostic {
	return errorAt(hcl.Range{Filename: path}, summary, detail)
}

// tidy sorts by place and drops what was said before. It drops the evaluation contexts as well: their
// values would be printed, and can be secrets.
func tidy(diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range diags {
		d.EvalContext = nil
	}
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		x, y := place(a), place(b)
		return cmp.Or(cmp.Compare(x.Filename, y.Filename), cmp.Compare(x.Start.Line, y.Start.Line),
			cmp.Compare(x.Start.Column, y.Start.Column), cmp.Compare(a.Summary, b.Summary), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.CompactFunc(diags, func(a, b *hcl.Diagnostic) bool {
		return place(a) == place(b) && a.Summary == b.Summary && a.Detail == b.Detail
	})
}

func place(d *hcl.Diagnostic) hcl.Range {
	if d.Subject == nil {
		return hcl.Range{}
	}
	return *d.Subject
}

// sentence makes an error a detail.
func sentence(err error) string {
	s := err.Error()
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:] + "."
}

// where is how messages name another place.
func where(at hcl.Range) string { return fmt.Sprintf("%s:%d", at.Filename, at.Start.Line) }
