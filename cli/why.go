package cli

import (
	"time"

	"github.com/spf13/cobra"

	"torpor/api"
)

func (a *app) whyCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "why NAME",
		Short:             "Explain why a function is as it is",
		Example:           "  torpor why thumbnails",
		Args:              arguments(1, 1, "the NAME of a function"),
		ValidArgsFunction: a.completeName,
		RunE: func(c *cobra.Command, args []string) error {
			w, err := a.client().Why(c.Context(), args[0])
			if err != nil {
				return a.aboutName(c.Context(), args[0], err)
			}
			a.explain(w, viewOf(a.stdout))
			return nil
		},
	}
}

func (a *app) explain(w api.Why, v view) {
	a.printf("%s is %s: %s\n", v.paint(bold, w.Name), v.paint(stateColor(w.State), w.State), printable(w.Reason))
	for _, fact := range w.Facts {
		a.printf("  - %s\n", printable(fact))
	}
	if len(w.History) == 0 {
		return
	}
	a.printf("\n")
	t := table{columns: []column{{title: "WHEN"}, {title: "WHAT"}, {title: "REASON"}}}
	for _, e := range w.History {
		t.rows = append(t.rows, []cell{{text: e.Time.Format(time.DateTime)}, {text: printable(e.What)}, {text: printable(e.Reason)}})
	}
	// A history is read to its ends: nothing is cut.
	_ = writeLines(a.stdout, t.lines(view{color: v.color}))
}
