package reconcile

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"torpor/spec"
)

var update = flag.Bool("update", false, "write what Plan decides into testdata")

// TestScenarios plays the stories of testdata. A story declares functions, and
// then takes turns: each says what is observed, and what is decided for that.
//
//	declare budget=200MiB           memory_budget; writes=1GiB; then a line for each function
//	  web after=30s priority=10     after=never, start=boot, limit=64MiB, keep: evict = false
//
//	plan at=40s swap=16GiB          the time on the story's clock; swap="why it is not ready",
//	                                pressure="who lacks memory", written=1GiB falls=10m
//	  web warm for=40s idle=40s resident=50MiB
//	----
//	hibernate web: ...              the actions, in order
//	note: ...                       about the node
//	  web: ...                      the reason of each that has no action
//	relieving                       handed to the next turn of the story
//	next: in 20s                    when to look again
//
// Lines that start with # tell the story.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			told := play(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(told), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if told != string(text) {
				t.Errorf("decided otherwise than told (-update writes it); now:\n%s", firstDifference(told, string(text)))
			}
		})
	}
}

// play returns the story with what Plan decides in it.
func play(t *testing.T, text string) string {
	s := story{t: t}
	var out bytes.Buffer
	for part := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n\n") {
		if out.Len() > 0 {
			out.WriteString("\n")
		}
		question, _, _ := strings.Cut(part+"\n", "----\n")
		out.WriteString(question)
		head, lines := s.parse(question)
		switch head.name {
		case "declare":
			s.declare(head, lines)
		case "plan":
			fmt.Fprintf(&out, "----\n%s", s.plan(head, lines))
		}
	}
	return out.String()
}

// story is one under way.
type story struct {
	t         *testing.T
	desired   *Desired
	relieving bool
}

// line is "name flag key=value key="several words"".
type line struct {
	name  string
	flags map[string]string
}

func (l line) has(key string) bool { _, ok := l.flags[key]; return ok }

var field = regexp.MustCompile(`([a-z]+)(?:=(?:"([^"]*)"|(\S+)))?`)

func (s *story) parse(text string) (head line, lines []line) {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		name, rest, _ := strings.Cut(l, " ")
		parsed := line{name: name, flags: make(map[string]string)}
		for _, m := range field.FindAllStringSubmatch(rest, -1) {
			parsed.flags[m[1]] = m[2] + m[3]
		}
		if head.name == "" {
			head = parsed
		} else {
			lines = append(lines, parsed)
		}
	}
	return head, lines
}

func (s *story) declare(head line, lines []line) {
	c := &spec.Config{Node: spec.Node{MemoryBudget: spec.Bytes(s.bytes(head, "budget"))}}
	c.Node.Swap.WritesPerDay = spec.Bytes(s.bytes(head, "writes"))
	for _, l := range lines {
		f := spec.Function{Name: l.name, Command: []string{l.flags["command"]}, Start: spec.StartOnDemand}
		f.Limits.Memory = spec.Bytes(s.bytes(l, "limit"))
		f.Hibernate = spec.Hibernate{After: 30 * time.Second, Priority: s.number(l, "priority"), IdleCPU: 5, Evict: !l.has("keep")}
		if l.flags["after"] == "never" {
			f.Hibernate.Never = true
		} else if l.has("after") {
			f.Hibernate.After = s.duration(l, "after")
		}
		if l.flags["start"] == "boot" {
			f.Start = spec.StartAtBoot
		}
		c.Functions = append(c.Functions, f)
	}
	s.desired = NewDesired(c)
}

func (s *story) plan(head line, lines []line) string {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Add(s.duration(head, "at"))
	o := Observed{Relieving: s.relieving, Pressure: head.flags["pressure"], Swap: Swap{Ready: true, Free: 16 << 30}}
	if size, err := spec.ParseBytes(head.flags["swap"]); err == nil {
		o.Swap.Free = int64(size)
	} else if head.has("swap") {
		o.Swap = Swap{Reason: head.flags["swap"]}
	}
	if o.Swap.Written = s.bytes(head, "written"); o.Swap.Written > 0 {
		o.Swap.WrittenFalls = now.Add(s.duration(head, "falls"))
	}
	for _, l := range lines {
		o.Functions = append(o.Functions, s.observe(l, now))
	}
	d := Plan(now, s.desired, o)
	s.relieving = d.Relieving
	return tell(d, now)
}

func (s *story) observe(l line, now time.Time) Function {
	f := Function{Name: l.name}
	for _, state := range []State{Cold, Starting, Warm, Hibernating, Hibernated, Waking, Woken, Stopping, Failed} {
		if l.has(string(state)) {
			f.State = state
		}
	}
	if f.State == "" {
		s.t.Fatalf("%s: no state", l.name)
	}
	ago := func(key string) time.Time {
		if !l.has(key) {
			return time.Time{}
		}
		return now.Add(-s.duration(l, key))
	}
	f.Since, f.LastActive, f.CPUActive = ago("for"), ago("idle"), l.has("cpu")
	if d, ok := s.desired.byName[l.name]; ok {
		f.Fingerprint = d.fingerprint
	}
	if l.has("old") {
		f.Fingerprint = "of a former declaration"
	}
	f.Replacing, f.Reclaiming, f.Blind = l.has("replacing"), l.has("reclaiming"), l.has("blind")
	f.Fetching, f.Connections, f.EvictedFor = l.has("fetching"), s.number(l, "connections"), l.flags["evictedfor"]
	f.Busy, f.Waiting, f.WaitingSince, f.Asked = s.number(l, "busy"), s.number(l, "waiting"), ago("waited"), Verb(l.flags["asked"])
	f.Resident, f.Swapped = s.bytes(l, "resident"), s.bytes(l, "swapped")
	f.WarmBytes, f.WokenBytes, f.AsleepBytes = s.bytes(l, "warmed"), s.bytes(l, "wakes"), s.bytes(l, "sleeps")
	f.ColdCost = s.duration(l, "coldcost")
	f.WakeCost, f.SleptFor = s.duration(l, "wakecost"), l.flags["sleptfor"]
	if l.has("nosleep") {
		f.NoSleepUntil, f.NoSleepWhy = now.Add(s.duration(l, "nosleep")), l.flags["why"]
	}
	if l.has("retry") {
		f.RetryAt, f.Failure = now.Add(s.duration(l, "retry")), l.flags["why"]
	}
	return f
}

// tell writes a decision as stories have it.
func tell(d Decision, now time.Time) string {
	var out strings.Builder
	told := make(map[string]string)
	for _, a := range d.Actions {
		fmt.Fprintf(&out, "%s %s: %s\n", a.Kind, a.Function, a.Reason)
		told[a.Function] = a.Reason
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&out, "note: %s\n", n)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Reasons)) {
		if told[name] != d.Reasons[name] {
			fmt.Fprintf(&out, "  %s: %s\n", name, d.Reasons[name])
		}
	}
	if d.Relieving {
		out.WriteString("relieving\n")
	}
	if !d.Next.IsZero() {
		fmt.Fprintf(&out, "next: in %s\n", d.Next.Sub(now))
	}
	return out.String()
}

func (s *story) bytes(l line, key string) int64 {
	if !l.has(key) {
		return 0
	}
	b, err := spec.ParseBytes(l.flags[key])
	if err != nil {
		s.t.Fatalf("%s: %s: %v", l.name, key, err)
	}
	return int64(b)
}

func (s *story) number(l line, key string) int {
	if !l.has(key) {
		return 0
	}
	n, err := strconv.Atoi(l.flags[key])
	if err != nil {
		s.t.Fatalf("%s: %s: %v", l.name, key, err)
	}
	return n
}

func (s *story) duration(l line, key string) time.Duration {
	if !l.has(key) {
		return 0
	}
	d, err := time.ParseDuration(l.flags[key])
	if err != nil {
		s.t.Fatalf("%s: %s: %v", l.name, key, err)
	}
	return d
}

// firstDifference is told from the line where it leaves text.
func firstDifference(told, text string) string {
	lines, want := strings.Split(told, "\n"), strings.Split(text, "\n")
	for i := range lines {
		if i >= len(want) || lines[i] != want[i] {
			return fmt.Sprintf("line %d: %s\n", i+1, strings.Join(lines[i:min(i+8, len(lines))], "\n"))
		}
	}
	return "it ends earlier"
}
