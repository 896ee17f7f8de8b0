package spec

import (
	"fmt"
	"io"

	"github.com/hashicorp/hcl/v2"
)

// WriteDiagnostics prints diagnostics for people, each with the lines it is about. Detail is wrapped at
// width columns, or not at all if width is 0.
func WriteDiagnostics(w io.Writer, sources *Sources, diags hcl.Diagnostics, width int, color bool) error {
	writer := hcl.NewDiagnosticTextWriter(w, sources.files, uint(max(width, 0)), color)
	for _, d := range diags {
		if place(d).Start.Line == 0 {
			whole := *d
			whole.Subject = nil
			d = &whole
		}
		if err := writer.WriteDiagnostic(d); err != nil {
			return fmt.Errorf("spec: write diagnostic: %w", err)
		}
	}
	return nil
}

// Diagnostic is a mistake as machines read it. Lines and columns count from 1, columns in characters;
// they are 0 where there is no such place, and File is empty for what is about the whole.
type Diagnostic struct {
	Severity  string `json:"severity"` // "error" or "warning"
	Summary   string `json:"summary"`
	Detail    string `json:"detail"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Snippet   string `json:"snippet"` // the first line that it is about
}

// DiagnosticsJSON gives diagnostics as plain values. It is never nil, so that it marshals to a list.
func DiagnosticsJSON(sources *Sources, diags hcl.Diagnostics) []Diagnostic {
	out := make([]Diagnostic, 0, len(diags))
	for _, d := range diags {
		at := place(d)
		severity := "error"
		if d.Severity == hcl.DiagWarning {
			severity = "warning"
		}
		out = append(out, Diagnostic{
			Severity: severity, Summary: d.Summary, Detail: d.Detail, File: at.Filename,
			Line: at.Start.Line, Column: at.Start.Column, EndLine: at.End.Line, EndColumn: at.End.Column,
			Snippet: sources.line(at),
		})
	}
	return out
}
