package machine

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"torpor/kvm/acpi"
	"torpor/kvm/virtio"
	"torpor/kvm/vm"
)

// Run switches the machine on and returns when it has ended and nothing of it
// runs any more. A machine runs once.
func (m *Machine) Run() Outcome {
	var devices, processors sync.WaitGroup
	for _, d := range m.devices {
		devices.Go(d.Serve)
	}
	for _, v := range m.vcpus {
		processors.Go(func() { m.runVCPU(v) })
	}
	<-m.ended
	m.gate.close(m.kick)
	processors.Wait()
	for _, d := range m.devices {
		d.Stop()
	}
	devices.Wait()
	return m.outcome
}

func (m *Machine) kick() {
	for _, v := range m.vcpus {
		v.Kick()
	}
}

// runVCPU runs a processor on a thread of its own until the machine ends.
func (m *Machine) runVCPU(v *vm.VCPU) {
	runtime.LockOSThread() // and never unlocked: the thread ends with it
	for m.gate.pass(v) {
		reason, err := v.Run()
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue
		case err != nil:
			m.end(Outcome{Failed, fmt.Errorf("vCPU %d: %w", v.ID(), err)})
			return
		}
		if !m.exit(v, reason) {
			return
		}
	}
}

// exit does what the guest wants and tells whether it goes on.
func (m *Machine) exit(v *vm.VCPU, reason vm.ExitReason) bool {
	switch reason {
	case vm.ExitIO:
		io, err := v.IO()
		if err != nil {
			m.end(Outcome{Failed, err})
			return false
		}
		return m.port(io)
	case vm.ExitMMIO:
		m.register(v.MMIO())
		return true
	case vm.ExitIntr:
		return true
	case vm.ExitShutdown:
		m.end(Outcome{End: Reset})
	default:
		m.end(Outcome{Failed, fmt.Errorf("vCPU %d left its guest for reason %d, detail %#x", v.ID(), reason, v.Detail())})
	}
	return false
}

// register is an access to where there is no memory: a device, or nothing, which
// reads as all ones.
func (m *Machine) register(a vm.MMIO) {
	if i := (a.Addr - deviceAddr) / virtio.RegistersSize; a.Addr >= deviceAddr && i < uint64(len(m.devices)) {
		offset := a.Addr - m.addr(int(i))
		if a.Write {
			m.devices[i].Write(offset, a.Data)
		} else {
			m.devices[i].Read(offset, a.Data)
		}
		return
	}
	if !a.Write {
		fill(a.Data)
	}
}

// port is an access to an I/O port, and tells whether the machine goes on.
func (m *Machine) port(io vm.IO) bool {
	switch {
	case io.Port >= uartBase && io.Port < uartBase+uartSize && io.Size == 1:
		m.uartMu.Lock()
		defer m.uartMu.Unlock()
		for i := range io.Data {
			if io.Out {
				m.uart.write(io.Port-uartBase, io.Data[i])
			} else {
				io.Data[i] = m.uart.read(io.Port - uartBase)
			}
		}
	case io.Port == sleepPort && io.Out && io.Data[0] == acpi.PowerOff:
		m.end(Outcome{End: PoweredOff})
		return false
	case io.Port == keyboardPort && io.Out && io.Data[0] == keyboardReset:
		m.end(Outcome{End: Reset})
		return false
	case !io.Out:
		fill(io.Data)
	}
	return true
}

// The keyboard controller of a PC, by which kernels reset it that know no better.
const keyboardPort, keyboardReset = 0x64, 0xfe

func fill(b []byte) {
	for i := range b {
		b[i] = 0xff
	}
}
