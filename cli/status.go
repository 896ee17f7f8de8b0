package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"torpor/api"
)

func (a *app) statusCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "status [--json]",
		Short:   "Show the node and its functions",
		Example: "  torpor status\n  torpor status --json | jq '.functions[] | select(.busy > 0)'",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := a.client().Status(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(s)
			}
			return writeLines(a.stdout, statusLines(s, viewOf(a.stdout)))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return c
}

func writeLines(w io.Writer, lines []string) error {
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

func statusLines(s api.Status, v view) []string {
	lines := nodeLines(s, v)
	if len(s.Functions) == 0 {
		return lines
	}
	return append(append(lines, ""), functionTable(s.Functions, v).lines(v)...)
}

// nodeLines are not cut to the terminal's width: they are there to be read.
func nodeLines(s api.Status, v view) []string {
	lines := []string{strings.Join([]string{memoryText(s.Node), swapText(s.Node), count(len(s.Functions), "function")}, ", ")}
	if !s.Node.ConfigOK {
		lines = append(lines, v.paint(red, brokenConfig(s.Node)))
	}
	for _, note := range s.Node.Notes {
		lines = append(lines, v.paint(yellow, printable(note)))
	}
	return lines
}

func memoryText(n api.Node) string {
	switch {
	case !n.MemoryVisible:
		return "memory cannot be seen"
	case n.BudgetBytes == 0:
		return fmt.Sprintf("memory %s, no budget", size(n.ResidentBytes))
	}
	return fmt.Sprintf("memory %s of %s", size(n.ResidentBytes), size(n.BudgetBytes))
}

func swapText(n api.Node) string {
	if n.SwapSizeBytes == 0 {
		return "no swap"
	}
	text := fmt.Sprintf("swap %s of %s", size(n.SwapUsedBytes), size(n.SwapSizeBytes))
	if n.SwapWritesPerDayBytes > 0 {
		text += fmt.Sprintf(", %s of %s written in 24h", size(n.SwapWrittenBytes), size(n.SwapWritesPerDayBytes))
	}
	return text
}

func brokenConfig(n api.Node) string {
	text := "configuration broken, the last good one holds"
	if len(n.Diagnostics) == 0 {
		return text
	}
	text += ": " + place(n.Diagnostics[0]) + printable(n.Diagnostics[0].Summary)
	if more := len(n.Diagnostics) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}
