package spec

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// The HCL parser and evaluator recurse once for each nested bracket and operator, and an overflown Go
// stack cannot be recovered from. These bounds are far above what people write.
const (
	maxNesting   = 256
	maxOperators = 20_000
)

// tooComplex finds text that would exhaust the parser.
func tooComplex(src []byte, filename string) *hcl.Diagnostic {
	// The lexer's own complaints come again with the parser's.
	tokens, _ := hclsyntax.LexConfig(src, filename, hcl.InitialPos)
	depth, operators := 0, 0
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen,
			hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen,
			hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenTemplateControl:
			depth++
			operators++
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar,
			hclsyntax.TokenSlash, hclsyntax.TokenPercent, hclsyntax.TokenQuestion,
			hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual,
			hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
			hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
			operators++
		}
		if depth > maxNesting {
			return errorAt(token.Range, "Nested too deeply",
				"Brackets may be nested at most 256 deep. Give the inner parts names in a locals block.")
		}
		if operators > maxOperators {
			return errorAt(token.Range, "Too many operators",
				"One file may have at most 20000 operators in its expressions. Split it.")
		}
	}
	return nil
}
