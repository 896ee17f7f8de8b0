package reconcile

import "time"

// growth is how long the memory that a wake was admitted with stays reserved
// while its first requests run: they touch it bit by bit.
const growth = 2 * time.Second

// firstGuess is the memory that a function is expected to need before it ever
// ran, if its limit is not smaller.
const firstGuess = 64 << 20

// memory is the node's account.
type memory struct {
	resident int64 // of all functions, now
	reserved int64 // more, that functions being started or just woken will take
	freeing  int64 // of resident, what deflates under way will give back
}

// add counts one function as it was seen. Stops do not count as freeing: they
// may take long.
func (m *memory) add(f *subject, now time.Time) {
	m.resident += f.resident()
	switch {
	case f.State == Starting:
		m.reserved += max(0, f.coldNeed()-f.resident())
	case f.State == Waking, f.State == Woken && f.Busy > 0 && now.Sub(f.Since) < growth:
		m.reserved += max(0, f.wakeNeed()-f.resident())
	case f.State == Hibernating, f.Reclaiming:
		m.freeing += f.gain()
	}
	if f.Replacing {
		m.reserved += f.coldNeed() // the successor's memory is not seen yet
	}
}

// committed is what the node has promised to hold.
func (m *memory) committed() int64 { return m.resident + m.reserved }

// resident is 0 for what cannot be seen.
func (s *subject) resident() int64 {
	if s.Blind {
		return 0
	}
	return s.Resident
}

// coldNeed is what a new sandbox is expected to hold when it is ready.
func (s *subject) coldNeed() int64 {
	switch {
	case s.WarmBytes > 0:
		return s.WarmBytes
	case s.declared == nil || s.declared.Limits.Memory == 0:
		return firstGuess
	}
	return min(int64(s.declared.Limits.Memory), firstGuess)
}

// wakeNeed is what it is expected to hold once woken. Before the first wake that
// is all it ever may: the paper saw 30 to 90 % of what was swapped needed again,
// and several that wake at once must not go over the budget by a wrong guess.
func (s *subject) wakeNeed() int64 {
	switch {
	case s.WokenBytes > 0:
		return s.WokenBytes
	case s.Blind:
		return s.coldNeed()
	}
	return s.Resident + s.Swapped
}

// gain is what putting it to sleep would free.
func (s *subject) gain() int64 {
	left := s.AsleepBytes
	if left == 0 {
		left = s.resident() / 20
	}
	return max(0, s.resident()-left)
}

// grown is how much more than it has to a sleeper holds. One whose first sleep
// was cut short, by a crash of the daemon, holds more than it has in swap.
func (s *subject) grown() int64 {
	if s.AsleepBytes == 0 && s.Swapped >= s.resident() {
		return 0
	}
	return s.gain()
}
