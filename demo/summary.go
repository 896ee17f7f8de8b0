package main

import "fmt"

// summary is the table of all rows and what it comes to.
func summary(p *printer, rows []row) {
	p.title("  %-12s %-7s %10s %8s %10s %8s %10s %15s %10s", "function", "in", "cold", "warm", "wake", "woken",
		"warm", "asleep", "woken")
	for _, r := range rows {
		p.line("%s", r)
	}
	var total row
	for _, r := range rows {
		total.WarmBytes += r.WarmBytes
		total.HibernatedBytes += r.HibernatedBytes
		total.ColdMS += r.ColdMS
		total.WakeMS += r.WakeMS
	}
	p.line("")
	p.line("Latencies are medians from connect to the first byte of the reply.")
	p.line("Awake, the %d functions take %s. Asleep they take %s, %.1f %% of it, and forget nothing.", len(rows),
		size(total.WarmBytes), size(total.HibernatedBytes), 100*share(total.HibernatedBytes, total.WarmBytes))
	p.line("To wake one takes %.1f %% of the time of its cold start, on average.", 100*total.WakeMS/total.ColdMS)
}

// String is the row's line of the table.
func (r row) String() string {
	return fmt.Sprintf("%-12s %-7s %7.1f ms %5.1f ms %7.1f ms %5.1f ms %10s %9s %4.1f%% %10s",
		r.Name, r.Isolation, r.ColdMS, r.WarmMS, r.WakeMS, r.WokenMS,
		size(r.WarmBytes), size(r.HibernatedBytes), 100*share(r.HibernatedBytes, r.WarmBytes), size(r.WokenBytes))
}
