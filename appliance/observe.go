package appliance

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"torpor/cgroup"
	"torpor/gateway"
	"torpor/reconcile"
)

const (
	// sampleEvery is how old the memory figures of an awake function may be.
	sampleEvery = 200 * time.Millisecond
	// sampleBusy is the same for one with a request in flight, which may have
	// taken what another is about to be promised.
	sampleBusy = 20 * time.Millisecond
	// sampleAsleep is the same for a sleeping one, which changes by little.
	sampleAsleep = 5 * time.Second
	// asleepATurn bounds the sleepers that are looked at in one turn: a client may
	// wait for what it decides, and a thousand take tens of milliseconds.
	asleepATurn = 32
)

// sample is what was last seen of a sandbox's cgroup.
type sample struct {
	at     time.Time
	memory cgroup.Memory
	blind  bool

	cpu       time.Duration
	cpuAt     time.Time
	cpuActive time.Time // when it last used more processor than an idle one does
}

// observe looks at everything that a decision depends on.
func (d *daemon) observe(now time.Time) reconcile.Observed {
	swap := d.swap.observe()
	swap.Written, swap.WrittenFalls = d.writes.lastDay(now)
	o := reconcile.Observed{Swap: swap, Relieving: d.relieving, Pressure: d.pressure.othersLack(now)}
	o.Functions = make([]reconcile.Function, 0, len(d.functions))
	d.glances = asleepATurn
	for _, f := range d.functions {
		o.Functions = append(o.Functions, d.look(f, now))
	}
	return o
}

func (d *daemon) look(f *function, now time.Time) reconcile.Function {
	route := f.route.Stats()
	o := reconcile.Function{
		Name: f.spec.Name, State: f.state, Since: f.since,
		Replacing: f.successor != nil, Reclaiming: f.state == reconcile.Hibernated && f.op != nil,
		Connections: route.Connections, Waiting: route.Held, WaitingSince: route.OldestHeld,
		NoSleepUntil: f.noSleepUntil, NoSleepWhy: f.noSleepWhy,
		WarmBytes: f.figures.WarmBytes, WokenBytes: f.figures.WokenBytes,
		AsleepBytes: f.figures.AsleepBytes, WakeCost: f.figures.WakeCost,
		ColdCost: f.figures.LastColdStart,
		RetryAt:  f.retryAt, Failure: f.failure, SleptFor: f.figures.SleptFor, EvictedFor: f.figures.EvictedFor,
	}
	if f.asked != nil {
		o.Asked = f.asked.verb
	}
	o.Fingerprint = f.figures.Fingerprint
	if f.sandbox == nil {
		f.tellWake(gateway.BackendStats{})
		return o
	}
	gate := f.sandbox.backend.Stats()
	o.Busy, o.LastActive = gate.Busy, gate.LastActive
	f.takeSample(now, gate.Busy > 0, &d.glances)
	if f.seen.cpuActive.After(o.LastActive) {
		o.LastActive, o.CPUActive = f.seen.cpuActive, true
	}
	o.Resident, o.Swapped, o.Blind = f.seen.memory.Resident, f.seen.memory.Swapped, f.seen.blind
	f.learn(gate.Busy)
	if f.tellWake(gate) {
		d.note(f, f.sandbox)
	}
	o.Fetching = f.waking != nil // neither told of nor over
	return o
}

// takeSample reads the cgroup, if the last reading is too old. That of a sleeper may wait for
// another turn, when there are no glances left.
func (f *function) takeSample(now time.Time, busy bool, glances *int) {
	tooOld := sampleEvery
	switch {
	case f.asked != nil:
		tooOld = 0 // a person is answered by what is so now
	case f.state == reconcile.Hibernated:
		tooOld = sampleAsleep
	case busy:
		tooOld = sampleBusy
	}
	if now.Sub(f.seen.at) < tooOld {
		return
	}
	if tooOld == sampleAsleep {
		if *glances == 0 {
			return
		}
		*glances--
	}
	m, err := f.sandbox.group.Memory()
	if err != nil && !f.seen.blind && f.state != reconcile.Stopping { // of one that is stopped the group goes first
		f.log.Error("cannot see its memory: it is not put to sleep", "error", err)
	}
	f.seen.at, f.seen.memory, f.seen.blind = now, m, err != nil
	if f.state.Awake() {
		f.sampleCPU(now)
	}
}

// sampleCPU notices a function that works without a request being in flight.
func (f *function) sampleCPU(now time.Time) {
	const least = time.Second // shorter stretches say little
	elapsed := now.Sub(f.seen.cpuAt)
	if elapsed < least {
		return
	}
	used, err := f.sandbox.group.CPUTime()
	if err != nil {
		return
	}
	percent := 100 * (used - f.seen.cpu).Seconds() / elapsed.Seconds()
	if !f.seen.cpuAt.IsZero() && percent > f.spec.Hibernate.IdleCPU {
		f.seen.cpuActive = now
	}
	f.seen.cpu, f.seen.cpuAt = used, now
}

// learn keeps what a quiet function shows about its needs.
func (f *function) learn(busy int) {
	if !f.state.Awake() || busy > 0 || f.seen.blind || f.seen.memory.Resident == 0 {
		return
	}
	if f.state == reconcile.Warm {
		f.figures.WarmBytes = f.seen.memory.Resident
	} else {
		f.figures.WokenBytes = f.seen.memory.Resident
	}
}

// memTotal is the machine's memory in bytes (proc_meminfo(5)).
func memTotal() (int64, error) {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kib int64
		if strings.HasPrefix(lines.Text(), "MemTotal:") {
			_, err := fmt.Sscanf(lines.Text(), "MemTotal: %d kB", &kib)
			return kib << 10, err
		}
	}
	return 0, errors.New("no MemTotal in /proc/meminfo")
}
