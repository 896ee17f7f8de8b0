package cli

import (
	"context"
	"fmt"
	"time"

	"torpor/api"
)

func functionTable(functions []api.Function, v view) table {
	t := table{columns: []column{
		{title: "NAME"}, {title: "STATE"}, {title: "BUSY", right: true, spare: 1}, {title: "MEMORY", right: true},
		{title: "WARM", right: true, spare: 5}, {title: "SWAPPED", right: true, spare: 2}, {title: "CONNS", right: true, spare: 3},
		{title: "WAKES", right: true, spare: 4}, {title: "IDLE", right: true}, {title: "REASON"},
	}}
	for _, f := range functions {
		name := f.Name
		if v.terminal() {
			name = cut(name, max(v.width/4, 8))
		}
		t.rows = append(t.rows, []cell{
			{text: name, color: bold}, {text: f.State, color: stateColor(f.State)}, {text: fmt.Sprint(f.Busy)}, {text: size(f.ResidentBytes)},
			{text: size(f.WarmBytes)}, {text: size(f.SwappedBytes)}, {text: fmt.Sprint(f.Connections)},
			{text: fmt.Sprint(f.Wakes)}, {text: idle(f)}, {text: printable(f.Reason)},
		})
	}
	return t
}

func idle(f api.Function) string {
	if f.Busy > 0 {
		return "-"
	}
	return duration(time.Duration(f.IdleSeconds * float64(time.Second)))
}

func stateColor(state string) color {
	switch state {
	case "warm", "woken":
		return green
	case "hibernated":
		return blue
	case "failed":
		return red
	case "cold":
		return dim
	}
	return yellow // on its way
}

// functionNames are for completion and suggestions, which do without when they
// cannot have them.
func (a *app) functionNames(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	s, err := a.client().Status(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range s.Functions {
		names = append(names, f.Name)
	}
	return names
}
