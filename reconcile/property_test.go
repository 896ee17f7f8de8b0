package reconcile

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"torpor/spec"
)

// noon is when tests take place.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestProperties(t *testing.T) {
	for seed := range uint64(3000) {
		tape := make([]byte, 1024)
		random := rand.New(rand.NewPCG(seed, 0))
		for i := 0; i < len(tape); i += 8 {
			binary.LittleEndian.PutUint64(tape[i:], random.Uint64())
		}
		if err := checkTape(tape); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x05\x03 anything will do, as it is only the source of choices"))
	f.Fuzz(func(t *testing.T, tape []byte) {
		if err := checkTape(tape); err != nil {
			t.Fatal(err)
		}
	})
}

// checkTape plans for what the tape says and checks what must always hold.
func checkTape(tape []byte) error {
	dice := dice(tape)
	desired, o := dice.desired(), Observed{}
	o.Swap, o.Relieving = dice.swap(), dice.below(2) == 0
	for i := range 2 + dice.below(8) {
		if dice.below(6) > 0 {
			o.Functions = append(o.Functions, dice.function(fmt.Sprint("f", i), desired))
		}
	}
	before := slices.Clone(o.Functions)
	first := Plan(noon, desired, o)
	if !reflect.DeepEqual(before, o.Functions) {
		return fmt.Errorf("changed what was observed: %+v to %+v", before, o.Functions)
	}
	if err := check(noon, desired, o, first); err != nil {
		return fmt.Errorf("observed %+v: %w", o, err)
	}
	slices.Reverse(o.Functions)
	if second := Plan(noon, desired, o); !reflect.DeepEqual(first, second) {
		return fmt.Errorf("the order of what is observed matters: %+v, reversed %+v", first, second)
	}
	return nil
}

// dice makes choices as a tape says; when it is used up, always the first.
type dice []byte

func (d *dice) below(n int) int {
	if len(*d) == 0 {
		return 0
	}
	b := (*d)[0]
	*d = (*d)[1:]
	return int(b) % n
}

func (d *dice) desired() *Desired {
	c := &spec.Config{Node: spec.Node{MemoryBudget: spec.Bytes(16+8*d.below(64)) * spec.MiB}}
	c.Node.Swap.WritesPerDay = spec.Bytes(d.below(3)) * 16 * spec.MiB
	for i := range d.below(10) {
		f := spec.Function{Name: fmt.Sprint("f", i), Start: pick(d, spec.StartOnDemand, spec.StartAtBoot)}
		f.Limits.Memory = spec.Bytes(d.below(200)) * spec.MiB
		f.Hibernate = spec.Hibernate{After: d.ago() * 10, Never: d.below(5) == 1, Priority: d.below(3), Evict: d.below(4) > 0}
		c.Functions = append(c.Functions, f)
	}
	return NewDesired(c)
}

func (d *dice) swap() Swap {
	if d.below(5) == 1 {
		return Swap{Reason: "no room"}
	}
	s := Swap{Ready: true, Free: int64(d.below(256)) << 22}
	if d.below(2) == 1 {
		s.Free >>= 4
	}
	if d.below(3) == 1 {
		s.Written, s.WrittenFalls = d.bytes(), noon.Add(d.ago())
	}
	return s
}

func (d *dice) function(name string, desired *Desired) Function {
	f := Function{
		Name:         name,
		State:        pick(d, Cold, Starting, Warm, Warm, Woken, Hibernating, Hibernated, Hibernated, Waking, Stopping, Failed),
		Since:        noon.Add(-d.ago()),
		LastActive:   noon.Add(-d.ago()),
		Replacing:    d.below(8) == 1,
		CPUActive:    d.below(4) == 1,
		Asked:        pick(d, AskNothing, AskNothing, AskNothing, AskHibernate, AskWake, AskStart, AskStop),
		Blind:        d.below(10) == 1,
		Resident:     d.bytes(),
		Swapped:      d.bytes(),
		WarmBytes:    d.bytes(),
		WokenBytes:   d.bytes(),
		AsleepBytes:  d.bytes(),
		WakeCost:     d.ago(),
		ColdCost:     d.ago(),
		Fetching:     d.below(3) == 1,
		Connections:  d.below(3),
		NoSleepUntil: noon.Add(d.ago() - time.Minute),
		NoSleepWhy:   "it was busy",
		RetryAt:      noon.Add(d.ago() - time.Minute),
		Failure:      "exited",
	}
	if declared, ok := desired.byName[name]; ok && d.below(4) > 0 {
		f.Fingerprint = declared.fingerprint
	}
	f.Reclaiming = f.State == Hibernated && d.below(4) == 1
	if f.State != Cold && d.below(3) == 1 {
		f.Busy = d.below(3)
	}
	if d.below(3) == 1 {
		f.Waiting, f.WaitingSince = d.below(3), noon.Add(-d.ago())
	}
	return f
}

// ago is a time that is as often short as long.
func (d *dice) ago() time.Duration { return time.Millisecond << d.below(18) }

// bytes is not known, little, or up to 255 MiB.
func (d *dice) bytes() int64 {
	return pick(d, 0, int64(d.below(256))<<12, int64(d.below(256))<<20)
}

func pick[T any](d *dice, these ...T) T { return these[d.below(len(these))] }
