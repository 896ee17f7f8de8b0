package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"torpor/api"
)

const (
	// inFlight bounds the requests at once.
	inFlight = 64
	// maxWrong ends the traffic: more of them would tell nothing new.
	maxWrong = 10
	// burstSize is at most that many.
	burstSize = 6
)

// visit is one thing that is done to a function.
type visit struct {
	name   string
	weight int
	do     func(ctx context.Context, t *traffic, f *function, dice draw) error
}

// visits are of all kinds, the frequent ones first.
var visits = []visit{
	{"new connection", 58, func(ctx context.Context, t *traffic, f *function, d draw) error { return f.fresh(ctx, d.pages[0]) }},
	{"kept connection", 20, func(ctx context.Context, t *traffic, f *function, d draw) error { return f.keeping(ctx, d.pages[0]) }},
	{"datagram", 5, func(ctx context.Context, t *traffic, f *function, d draw) error { return f.datagram(ctx, d.pages[0]) }},
	{"burst", 5, func(ctx context.Context, t *traffic, f *function, d draw) error { return f.burst(ctx, d.pages) }},
	{"slow request", 4, func(ctx context.Context, t *traffic, f *function, d draw) error {
		return f.slowly(ctx, d.pages[0], d.pause)
	}},
	{"abandoned", 4, func(ctx context.Context, t *traffic, f *function, d draw) error {
		return f.abandon(ctx, d.pages[0], d.half)
	}},
	{"told to sleep", 3, func(ctx context.Context, t *traffic, f *function, d draw) error {
		return t.order(ctx, f, api.Hibernate)
	}},
	{"told to stop", 1, func(ctx context.Context, t *traffic, f *function, d draw) error { return t.order(ctx, f, api.Stop) }},
}

// draw is all that is random of a visit.
type draw struct {
	function int
	visit    visit
	pages    []int // one, or those of a burst
	pause    time.Duration
	half     bool
}

// traffic visits functions at random.
type traffic struct {
	client    *api.Client
	functions []*function
	rate      float64
	dice      *rand.Rand
	popular   *rand.Zipf
	slots     chan struct{}
	wg        sync.WaitGroup

	done [16]atomic.Int64 // visits by kind

	mu    sync.Mutex
	wrong []string
}

func newTraffic(client *api.Client, functions []*function, s settings) *traffic {
	dice := rand.New(rand.NewPCG(s.seed, 0))
	return &traffic{
		client: client, functions: functions, rate: s.rate, dice: dice,
		popular: rand.NewZipf(dice, 1.2, 4, uint64(len(functions)-1)),
		slots:   make(chan struct{}, inFlight),
	}
}

// run visits until ctx ends, and waits for the visits under way. It ends early when too much is wrong.
func (t *traffic) run(ctx context.Context, until time.Time) {
	defer t.wg.Wait()
	next := time.Now()
	for time.Now().Before(until) && ctx.Err() == nil && len(t.failures()) < maxWrong {
		d := t.draw()
		next = next.Add(time.Duration(t.dice.ExpFloat64() / t.rate * float64(time.Second)))
		if now := time.Now(); next.Before(now) {
			next = now // the machine is behind: what was missed is not made up for
		}
		select {
		case <-time.After(time.Until(next)):
		case <-ctx.Done():
			return
		}
		select {
		case t.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		t.wg.Go(func() {
			defer func() { <-t.slots }()
			t.visit(ctx, d)
		})
	}
}

// draw takes half of the functions by how popular they are, and half from all alike.
func (t *traffic) draw() (d draw) {
	d.function = t.dice.IntN(len(t.functions))
	if t.dice.IntN(2) == 0 {
		d.function = int(t.popular.Uint64())
	}
	all := 0
	for _, v := range visits {
		all += v.weight
	}
	at := t.dice.IntN(all)
	for _, v := range visits {
		if at < v.weight {
			d.visit = v
			break
		}
		at -= v.weight
	}
	for range 2 + t.dice.IntN(burstSize-1) {
		d.pages = append(d.pages, t.dice.IntN(pages))
	}
	d.pause, d.half = time.Duration(t.dice.IntN(1000))*time.Millisecond, t.dice.IntN(2) == 0
	return d
}

func (t *traffic) visit(ctx context.Context, d draw) {
	f := t.functions[d.function]
	f.mu.Lock()
	defer f.mu.Unlock()
	err := d.visit.do(ctx, t, f, d)
	if err != nil && ctx.Err() == nil {
		t.fail(f, d.visit.name, err)
	}
	for i, v := range visits {
		if v.name == d.visit.name {
			t.done[i].Add(1)
		}
	}
}

// order tells the daemon. It may refuse, say since a request has just come that nobody waits for any more.
func (t *traffic) order(ctx context.Context, f *function, verb api.Verb) error {
	if verb == api.Stop {
		return f.stop(ctx, t.client)
	}
	_, err := t.client.Act(ctx, f.name, verb)
	if errors.Is(err, api.ErrRefused) {
		return nil
	}
	return err
}

func (t *traffic) fail(f *function, what string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.wrong) < maxWrong {
		t.wrong = append(t.wrong, fmt.Sprintf("%s %s, %s: %s", time.Now().Format(time.TimeOnly), f.name, what, err))
	}
}

// failures are the visits that went wrong.
func (t *traffic) failures() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.wrong...)
}

// counts is how often each kind of visit was made.
func (t *traffic) counts() map[string]int64 {
	all := make(map[string]int64)
	for i, v := range visits {
		all[v.name] = t.done[i].Load()
	}
	return all
}
