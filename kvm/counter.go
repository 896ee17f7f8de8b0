package kvm

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"torpor/kvm/memory"
	"torpor/kvm/vm"
)

// counter is a virtual machine with one vCPU and a page of memory, which holds a
// program that counts ECX down and halts.
type counter struct {
	vm   *vm.VM
	mem  *memory.Memory
	vcpu *vm.VCPU
}

var countdown = []byte{
	0x66, 0x49, // again: dec ecx
	0x75, 0xfc, // jnz again
	0xf4, // hlt
}

func newCounter(system *vm.System) (_ *counter, err error) {
	c := &counter{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.vm, err = system.NewVM(); err != nil {
		return nil, err
	}
	if c.mem, err = memory.New(memory.PageSize); err != nil {
		return nil, err
	}
	if err := c.mem.Write(0, countdown); err != nil {
		return nil, err
	}
	c.vm.SetTSS()
	if err := c.vm.SetMemory(0, c.mem.Regions()[0].Bytes); err != nil {
		return nil, err
	}
	if c.vcpu, err = c.vm.NewVCPU(0); err != nil {
		return nil, err
	}
	s, err := c.vcpu.Sregs()
	if err != nil {
		return nil, err
	}
	s.CS.Base, s.CS.Selector = 0, 0
	return c, c.vcpu.SetSregs(s)
}

// count runs the program until it is done, or ctx is.
func (c *counter) count(ctx context.Context, from uint64) error {
	if err := c.vcpu.SetRegs(vm.Regs{RCX: from, RFLAGS: 2}); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- c.run(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		c.vcpu.Kick()
		return <-done
	}
}

func (c *counter) run(ctx context.Context) error {
	for ctx.Err() == nil {
		reason, err := c.vcpu.Run()
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case reason != vm.ExitHLT:
			return fmt.Errorf("it left for reason %d before it was done", reason)
		}
		return nil
	}
	return ctx.Err()
}

func (c *counter) close() {
	if c.vcpu != nil {
		c.vcpu.Close()
	}
	if c.vm != nil {
		c.vm.Close()
	}
	if c.mem != nil {
		c.mem.Close()
	}
}
