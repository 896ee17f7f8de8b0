package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"torpor/demo/measure"
	"torpor/demo/show"
)

// result is what out/soak.json has.
type result struct {
	Seed      uint64           `json:"seed"`
	Functions int              `json:"functions"`
	Seconds   float64          `json:"traffic_seconds"`
	Rate      float64          `json:"rate"`
	Replies   int              `json:"replies"`
	Visits    map[string]int64 `json:"visits"`
	Events    map[string]int   `json:"events"`
	Latencies []latencyRow     `json:"latencies"`
	Daemon    daemonRow        `json:"daemon"`
	SwapIn    int64            `json:"swap_in_bytes"`
	SwapOut   int64            `json:"swap_out_bytes"`
	OtherSwap bool             `json:"other_swap"`
	Wrong     []string         `json:"wrong"`
	Errors    []string         `json:"errors"`
	Leaks     []string         `json:"leaks"`
}

// latencyRow is of one kind of request, in ms.
type latencyRow struct {
	Of   string  `json:"of"`
	N    int     `json:"n"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

// daemonRow is what the daemon takes, in bytes: before the first function, early and late under traffic, after the last.
type daemonRow struct {
	PSS         [4]int64 `json:"pss_bytes"`
	RSS         [4]int64 `json:"rss_bytes"`
	Descriptors [4]int   `json:"descriptors"`
	Threads     [4]int   `json:"threads"`
	CGroups     [4]int   `json:"cgroups"`
	SwapUsed    [4]int64 `json:"swap_used_bytes"`
	Resident    [4]int64 `json:"functions_resident_bytes"`
	Keeps       [4]int64 `json:"each_sleeper_keeps_bytes"`
	CPU         float64  `json:"cpu_percent"` // of one processor, under traffic
	Written     int64    `json:"written_bytes"`
}

func (s *soak) result() result {
	r := result{
		Seed: s.seed, Functions: s.functions, Seconds: s.traffic.Seconds(), Rate: s.rate, Replies: s.latencies.all(), Visits: s.visits,
		Events: s.journal.counts(), SwapIn: s.swapIn, SwapOut: s.swapOut, OtherSwap: s.after.OtherSwap,
		Wrong: s.wrong, Errors: s.journal.failures(), Leaks: leaks(s.before, s.after, trendOf(s.samples)),
	}
	for _, of := range []struct {
		name  string
		times []time.Duration
	}{{"cold", s.latencies.cold}, {"asleep", s.latencies.asleep}, {"awake", s.latencies.awake}} {
		if len(of.times) > 0 {
			r.Latencies = append(r.Latencies, rowOf(of.name, of.times))
		}
	}
	r.Daemon = s.daemon()
	return r
}

func rowOf(name string, times []time.Duration) latencyRow {
	at := func(q float64) float64 { return measure.Milliseconds(measure.Quantile(times, q)) }
	return latencyRow{Of: name, N: len(times), P50: at(0.5), P99: at(0.99), P999: at(0.999), Max: at(1)}
}

func (s *soak) daemon() (d daemonRow) {
	moments := []sample{s.before, s.before, s.after, s.after}
	if len(s.samples) > 0 {
		first, last := s.samples[0], s.samples[len(s.samples)-1]
		moments[1], moments[2] = first, last
		d.Written = last.Use.Written - first.Use.Written
		if took := last.At.Sub(first.At); took > 0 {
			d.CPU = 100 * (last.CPU - first.CPU).Seconds() / took.Seconds()
		}
	}
	for i, m := range moments {
		d.PSS[i], d.RSS[i], d.Descriptors[i], d.Threads[i] = m.Daemon.PSS, m.Daemon.RSS, m.Use.Descriptors(), m.Use.Threads
		d.CGroups[i], d.SwapUsed[i] = m.CGroups, m.SwapUsed
		d.Resident[i], d.Keeps[i] = m.Resident, m.Keeps/int64(max(1, m.Asleep))
	}
	return d
}

// report tells and writes everything; what was wrong is its error.
func (s *soak) report() error {
	r := s.result()
	text := r.text()
	s.p.Title("What came of it")
	for line := range strings.Lines(text) {
		s.p.Line("%s", strings.TrimRight(line, "\n"))
	}
	if err := measure.WriteJSON("out/soak.json", r); err != nil {
		return err
	}
	head := fmt.Sprintf("# A soak\n\n%d functions, a budget for %.0f %% of them, %g requests a second for %s; seed %d.\n\n```\n",
		s.functions, 100*s.awake, s.rate, s.traffic, s.seed)
	if err := os.WriteFile("out/soak.md", []byte(head+text+"```\n"), 0o644); err != nil {
		return fmt.Errorf("soak: %w", err)
	}
	return r.verdict()
}

// verdict is an error if anything was wrong.
func (r result) verdict() error {
	var all []error
	for _, bad := range []struct {
		what string
		list []string
	}{{"wrong", r.Wrong}, {"the daemon logged", r.Errors}, {"leaked", r.Leaks}} {
		for _, text := range bad.list {
			all = append(all, fmt.Errorf("%s: %s", bad.what, text))
		}
	}
	if len(all) == 0 && r.Events["woken"] == 0 {
		all = append(all, errors.New("nobody slept and woke: the traffic is too short to show anything"))
	}
	if len(all) > 0 {
		all = append(all, fmt.Errorf("seed %d; the daemon's log is in %s", r.Seed, logFile))
	}
	return errors.Join(all...)
}

func (r result) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d replies, each right to the last byte but %d\n\n", r.Replies, len(r.Wrong))
	fmt.Fprintf(&b, "%-22s %8s %10s %10s %10s %10s\n", "to the first byte", "n", "p50", "p99", "p99.9", "slowest")
	for _, l := range r.Latencies {
		fmt.Fprintf(&b, "%-22s %8d %7.1f ms %7.1f ms %7.1f ms %7.1f ms\n", "of one that was "+l.Of, l.N, l.P50, l.P99, l.P999, l.Max)
	}
	d := r.Daemon
	fmt.Fprintf(&b, "\n%-22s %12s %12s %12s %12s\n", "the daemon", "before all", "early", "late", "all stopped")
	sizes := func(name string, v [4]int64) {
		fmt.Fprintf(&b, "%-22s %12s %12s %12s %12s\n", name, show.Size(v[0]), show.Size(v[1]), show.Size(v[2]), show.Size(v[3]))
	}
	numbers := func(name string, v [4]int) {
		fmt.Fprintf(&b, "%-22s %12d %12d %12d %12d\n", name, v[0], v[1], v[2], v[3])
	}
	sizes("memory, PSS", d.PSS)
	sizes("memory, RSS", d.RSS)
	numbers("descriptors", d.Descriptors)
	numbers("threads", d.Threads)
	numbers("functions' cgroups", d.CGroups)
	sizes("functions' memory", d.Resident)
	sizes("each sleeper keeps", d.Keeps)
	sizes("swap in use", d.SwapUsed)
	wakes := max(1, r.Events["woken"])
	fmt.Fprintf(&b, "\nunder traffic it took %.1f %% of one processor and wrote %s to disk, %s a wake;\n", d.CPU, show.Size(d.Written), show.Size(d.Written/int64(wakes)))
	fmt.Fprintf(&b, "the machine wrote %s to swap and read %s back\n", show.Size(r.SwapOut), show.Size(r.SwapIn))
	if r.OtherSwap {
		fmt.Fprintf(&b, "other swap was in use besides: what was left in the node's could be anybody's, and is not judged\n")
	}
	fmt.Fprintf(&b, "\nvisits: %s\n", counted(r.Visits))
	fmt.Fprintf(&b, "in the daemon's log: %s\n", counted(only(r.Events, told)))
	for _, list := range [][]string{r.Wrong, r.Errors, r.Leaks} {
		for _, text := range list {
			fmt.Fprintf(&b, "! %s\n", text)
		}
	}
	return b.String()
}

// told are the events that the report counts.
var told = []string{"starting", "asleep", "woken", "turned round: a connection came while it went to sleep", "refused",
	"processes of this machine wait for memory: idle functions give way"}

func only(all map[string]int, names []string) map[string]int {
	some := make(map[string]int)
	for _, name := range names {
		if n := all[name]; n > 0 {
			some[name] = n
		}
	}
	return some
}

func counted[N int | int64](all map[string]N) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		words = append(words, fmt.Sprintf("%s %d", name, all[name]))
	}
	return strings.Join(words, ", ")
}

// brief is a quantile for a line of progress.
func brief(times []time.Duration, q float64) string {
	if len(times) == 0 {
		return "-"
	}
	return show.MS(measure.Quantile(times, q))
}
