package reconcile

// firstGuess is the memory that a function is expected to need before it ever
// ran, if its limit is not smaller.
const firstGuess = 64 << 20

// memory is the node's account.
type memory struct {
	resident int64 // of all functions, now
	reserved int64 // more, that functions being started or woken will take
	freeing  int64 // of it, what deflates under way will give back
}

func count(functions []Function, declared map[string]*declared) memory {
	var m memory
	for _, f := range functions {
		if f.Blind {
			continue
		}
		m.resident += f.Resident
		switch {
		case f.State == Starting, f.State == Waking:
			m.reserved += max(0, expected(f, declared[f.Name])-f.Resident)
		case f.State == Hibernating:
			m.freeing += gain(f)
		}
		if f.Replacing {
			m.reserved += coldNeed(f, declared[f.Name])
		}
	}
	return m
}

// committed is what the node has promised to hold.
func (m memory) committed() int64 { return m.resident + m.reserved }

// expected is what a function will hold once it is awake.
func expected(f Function, d *declared) int64 {
	if f.State == Hibernated || f.State == Waking {
		return wakeNeed(f)
	}
	return coldNeed(f, d)
}

func coldNeed(f Function, d *declared) int64 {
	if f.WarmBytes > 0 {
		return f.WarmBytes
	}
	if d == nil || d.Limits.Memory == 0 {
		return firstGuess
	}
	return min(int64(d.Limits.Memory), firstGuess)
}

// wakeNeed guesses half of what was swapped for the first wake: the paper saw
// 30 to 90 % of it needed again (section on inflation), we see less.
func wakeNeed(f Function) int64 {
	if f.WokenBytes > 0 {
		return f.WokenBytes
	}
	return f.Resident + f.Swapped/2
}

// gain is what putting f to sleep would free.
func gain(f Function) int64 {
	left := f.AsleepBytes
	if left == 0 {
		left = f.Resident / 20
	}
	return max(0, f.Resident-left)
}
