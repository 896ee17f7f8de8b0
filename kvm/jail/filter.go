package jail

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// Call is a system call that is let through.
type Call struct {
	Number uint32
	Args   []Arg // all of them must match
}

// Arg is what the lower 32 bits of an argument have to be: with Mask, one of Values.
type Arg struct {
	Index  int
	Mask   uint32
	Values []uint32
}

// Is wants an argument to be one of values.
func Is(index int, values ...uint32) Arg {
	return Arg{Index: index, Mask: 0xffffffff, Values: values}
}

// Without wants an argument to have none of these bits.
func Without(index int, bits uint32) Arg {
	return Arg{Index: index, Mask: bits, Values: []uint32{0}}
}

// Offsets in what a filter sees, struct seccomp_data.
const (
	dataNumber = 0
	dataArch   = 4
	dataArgs   = 16
)

const auditArchX8664 = 0xc000003e

// program is a filter that lets calls through, makes those in denied fail with
// ENOSYS, and ends the process at any other.
func program(calls []Call, denied []uint32) ([]unix.SockFilter, error) {
	var p []unix.SockFilter
	load := func(offset int) {
		p = append(p, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: uint32(offset)})
	}
	ret := func(action uint32) {
		p = append(p, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action})
	}
	equal := func(k uint32, yes, no int) {
		p = append(p, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: uint8(yes), Jf: uint8(no)})
	}
	load(dataArch)
	equal(auditArchX8664, 1, 0)
	ret(unix.SECCOMP_RET_KILL_PROCESS)
	load(dataNumber)
	for _, number := range denied {
		equal(number, 0, 1)
		ret(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS))
	}
	for _, c := range calls {
		body, err := match(c.Args)
		if err != nil {
			return nil, fmt.Errorf("jail: system call %d: %w", c.Number, err)
		}
		equal(c.Number, 0, len(body))
		p = append(p, body...)
	}
	ret(unix.SECCOMP_RET_KILL_PROCESS)
	return p, nil
}

// match lets a call through whose arguments are as wanted, and goes on to what
// comes after it with another, the number loaded again.
func match(args []Arg) ([]unix.SockFilter, error) {
	// Back to front: each check jumps over what is behind it.
	body := []unix.SockFilter{
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if len(args) == 0 {
		return body, nil
	}
	body = append(body, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: dataNumber})
	for _, a := range slices.Backward(args) {
		low := uint32(dataArgs + 8*a.Index)
		check := []unix.SockFilter{
			{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: low},
			{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: a.Mask},
		}
		for i, v := range a.Values {
			hit, miss := len(a.Values)-1-i, 0
			if i == len(a.Values)-1 {
				miss = len(body) - 1 // to the reloading of the number
			}
			check = append(check, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: v, Jt: uint8(hit), Jf: uint8(miss)})
		}
		body = append(check, body...)
	}
	if len(body) > 255 {
		return nil, fmt.Errorf("%d instructions are too many for one call", len(body))
	}
	return body, nil
}
