package main

import (
	"fmt"

	"torpor/demo/measure"
	"torpor/demo/show"
)

// summary is the table of all rows and what it comes to.
func summary(p *show.Printer, rows []measure.Row) {
	p.Title("  %-12s %-7s %10s %8s %10s %8s %10s %15s %10s", "function", "in", "cold", "warm", "wake", "woken",
		"warm", "asleep", "woken")
	for _, r := range rows {
		p.Line("%s", line(r))
	}
	var total measure.Row
	for _, r := range rows {
		total.WarmBytes += r.WarmBytes
		total.HibernatedBytes += r.HibernatedBytes
		total.ColdMS += r.ColdMS
		total.WakeMS += r.WakeMS
	}
	p.Line("")
	p.Line("Latencies are medians from connect to the first byte of the reply.")
	p.Line("Awake, the %d functions take %s. Asleep they take %s, %.1f %% of it, and forget nothing.", len(rows),
		show.Size(total.WarmBytes), show.Size(total.HibernatedBytes), 100*share(total.HibernatedBytes, total.WarmBytes))
	p.Line("To wake one takes %.1f %% of the time of its cold start, on average.", 100*total.WakeMS/total.ColdMS)
}

// line is the row's line of the table.
func line(r measure.Row) string {
	return fmt.Sprintf("%-12s %-7s %7.1f ms %5.1f ms %7.1f ms %5.1f ms %10s %9s %4.1f%% %10s",
		r.Name, r.Isolation, r.ColdMS, r.WarmMS, r.WakeMS, r.WokenMS,
		show.Size(r.WarmBytes), show.Size(r.HibernatedBytes), 100*share(r.HibernatedBytes, r.WarmBytes), show.Size(r.WokenBytes))
}
