package appliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"torpor/api"
	"torpor/reconcile"
	"torpor/spec"
	"torpor/systemd"
)

// errRefused marks what was asked for and cannot be done as things are.
var errRefused = api.ErrRefused

// adminServer is the daemon as the admin API serves it.
type adminServer struct {
	d    *daemon
	http *http.Server
}

func newAdminServer(d *daemon) *adminServer {
	s := &adminServer{d: d}
	s.http = api.NewServer(api.NewHandler(s, d.Log), d.Log)
	return s
}

func (s *adminServer) serve(ln net.Listener) error {
	if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin API: %w", err)
	}
	return nil
}

func (s *adminServer) close() { _ = s.http.Close() }

// inLoop runs fn in the loop and waits for it.
func (s *adminServer) inLoop(ctx context.Context, fn func()) error {
	done := make(chan struct{})
	go s.d.post(func() { defer close(done); fn() })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.d.closed:
		return fmt.Errorf("%w: the daemon is stopping", errRefused)
	}
}

// Status implements api.Daemon.
func (s *adminServer) Status(ctx context.Context) (api.Status, error) {
	var st api.Status
	var groups []*instance
	err := s.inLoop(ctx, func() {
		now := time.Now()
		s.d.turn(now) // for reasons of this moment
		st, groups = s.d.snapshot(now)
	})
	if err != nil {
		return st, err
	}
	// Reading a thousand cgroups takes a while: not in the loop.
	st.Node.MemoryVisible = true
	for n, i := range groups {
		if i == nil {
			continue
		}
		m, err := i.group.Memory()
		if err != nil {
			st.Node.MemoryVisible = false
			continue
		}
		st.Functions[n].ResidentBytes, st.Functions[n].SwappedBytes = m.Resident, m.Swapped
		st.Node.ResidentBytes += m.Resident
	}
	return st, nil
}

// snapshot is the status without memory figures, and the sandboxes to get them
// from, nil where there is none.
func (d *daemon) snapshot(now time.Time) (api.Status, []*instance) {
	st := api.Status{Functions: make([]api.Function, 0, len(d.functions))}
	st.Node.ConfigOK, st.Node.Diagnostics = d.broken == nil, d.broken
	st.Node.Notes = d.nodeNotes()
	if d.config != nil {
		st.Node.BudgetBytes = int64(d.config.Node.MemoryBudget)
		st.Node.SwapWritesPerDayBytes = int64(d.config.Node.Swap.WritesPerDay)
	}
	if d.swap.file != nil {
		if u, err := d.swap.file.Usage(); err == nil {
			st.Node.SwapUsedBytes, st.Node.SwapSizeBytes = int64(u.Used), int64(u.Size)
		}
	}
	st.Node.SwapWrittenBytes, _ = d.writes.lastDay(now)
	var sandboxes []*instance
	for _, f := range d.sorted() {
		st.Functions = append(st.Functions, f.status(now))
		sandboxes = append(sandboxes, f.sandbox)
	}
	return st, sandboxes
}

func (d *daemon) nodeNotes() []string {
	notes := slices.Clone(d.notes)
	if d.empty != "" {
		notes = append(notes, d.empty)
	}
	if d.swap.err != nil {
		notes = append(notes, "hibernation: "+d.swap.err.Error())
	}
	for _, f := range d.sorted() {
		if err := f.listenErrors(); err != nil {
			notes = append(notes, fmt.Sprintf("function %q cannot be reached: %s", f.spec.Name, err))
		}
	}
	return notes
}

func (d *daemon) sorted() []*function {
	all := make([]*function, 0, len(d.functions))
	for _, f := range d.functions {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *function) int { return cmp.Compare(a.spec.Name, b.spec.Name) })
	return all
}

func (f *function) status(now time.Time) api.Function {
	route := f.route.Stats()
	a := api.Function{
		Name: f.spec.Name, State: string(f.state), Reason: f.reason, Isolation: f.isolation(),
		Connections: route.Connections, Waiting: route.Held,
		WarmBytes: f.figures.WarmBytes, Wakes: f.figures.Wakes, ColdStarts: f.figures.ColdStarts,
		LastColdStartMS: ms(f.figures.LastColdStart), LastWakeMS: ms(f.figures.LastWake), LastHibernateMS: ms(f.figures.LastHibernate),
		LastWrittenBytes: f.figures.LastWritten,
	}
	if f.sandbox != nil {
		gate := f.sandbox.backend.Stats()
		a.PID, a.Busy = f.sandbox.PID(), gate.Busy
		if gate.Busy == 0 {
			a.IdleSeconds = max(0, now.Sub(gate.LastActive).Seconds())
		}
	}
	return a
}

func (f *function) isolation() string {
	if f.sandbox != nil {
		return f.sandbox.isolation
	}
	return orElse(f.spec.Runtime, spec.IsolationGVisor)
}

// Act implements api.Daemon.
func (s *adminServer) Act(ctx context.Context, name string, verb api.Verb) (string, error) {
	a := &asked{verb: reconcile.Verb(verb), answer: make(chan answer, 1)}
	err := s.inLoop(ctx, func() { s.d.ask(name, a) })
	if err != nil {
		return "", err
	}
	select {
	case r := <-a.answer:
		return r.message, r.err
	case <-s.d.closed:
		return "", fmt.Errorf("%w: the daemon is stopping", errRefused)
	case <-ctx.Done():
		s.d.post(func() { s.d.forgetAsked(name, a) })
		return "", ctx.Err()
	}
}

func (d *daemon) ask(name string, a *asked) {
	f := d.functions[name]
	switch {
	case f == nil:
		a.answer <- answer{err: noFunction(name)}
	case f.asked != nil:
		a.answer <- answer{err: refused(fmt.Sprintf("somebody else asked to %s it at this moment", f.asked.verb))}
	default:
		f.asked = a
	}
}

func (d *daemon) forgetAsked(name string, a *asked) {
	if f := d.functions[name]; f != nil && f.asked == a {
		f.asked = nil
	}
}

// answerFailure tells the person who asked for a start or wake that it failed.
func (d *daemon) answerFailure(f *function, err error) {
	f.answer("", refused(err.Error()))
}

func noFunction(name string) error {
	return fmt.Errorf("%w: %q is not declared on this node", api.ErrNoFunction, name)
}

// Reload implements api.Daemon.
func (s *adminServer) Reload(ctx context.Context) (api.Reload, error) {
	// The loop turns only when the files have been read once.
	if err := s.inLoop(ctx, func() {}); err != nil {
		return api.Reload{}, err
	}
	s.d.reread(ctx)
	var r api.Reload
	err := s.inLoop(ctx, func() {
		r.Diagnostics = s.d.broken
		if s.d.config != nil {
			r.Functions = len(s.d.config.Functions)
		}
	})
	return r, err
}

// Logs implements api.Daemon.
func (s *adminServer) Logs(ctx context.Context, name string, lines int, follow bool, w io.Writer) error {
	var known bool
	if err := s.inLoop(ctx, func() { known = s.d.functions[name] != nil }); err != nil {
		return err
	}
	if !known {
		return noFunction(name)
	}
	if s.d.Journal != "" {
		return &api.InJournal{Matches: systemd.JournalMatches(nodeName(s.d.Runtime), name)}
	}
	return s.d.output.Tail(ctx, name, lines, follow, w)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1fms", ms(d)) }

// size writes bytes for people.
func size(n int64) string { return humanize.IBytes(uint64(max(0, n))) }
