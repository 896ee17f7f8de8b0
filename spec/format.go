package spec

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format lays HCL text out in the canonical way; only white space changes, and a byte order mark goes.
// Text that does not parse comes back as it was, with the reasons.
func Format(src []byte, filename string) ([]byte, hcl.Diagnostics) {
	if _, diags := parse(src, filename); diags.HasErrors() {
		return src, tidy(diags)
	}
	return hclwrite.Format(trimBOM(src)), nil
}
