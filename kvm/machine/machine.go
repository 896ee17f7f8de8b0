package machine

import (
	"fmt"
	"io"
	"os"
	"sync"

	"torpor/kvm/acpi"
	"torpor/kvm/boot"
	"torpor/kvm/memory"
	"torpor/kvm/virtio"
	"torpor/kvm/vm"
)

const (
	deviceAddr = memory.HoleStart // of the first device's registers
	firstPin   = 5                // of the IOAPIC, for the first device
	sleepPort  = 0x600

	// MaxDevices is how many devices a machine can have.
	MaxDevices = vm.Pins - firstPin
	// MaxCPUs is how many processors a machine can have.
	MaxCPUs = 64
)

// Config says what a machine is made of.
type Config struct {
	System      *vm.System
	Memory      uint64 // bytes, whole pages
	CPUs        int    // 1 to MaxCPUs
	Kernel      *os.File
	Initrd      []*os.File // archives, unpacked one after the other
	CommandLine string
	Console     io.Writer // what the kernel writes to its serial port
	// Devices are made for the machine's memory; they appear in this order.
	Devices func(*memory.Memory) ([]virtio.Device, error)
}

// Machine is a machine that is on, or ready to be.
type Machine struct {
	vm      *vm.VM
	mem     *memory.Memory
	vcpus   []*vm.VCPU
	devices []*virtio.Transport
	uart    uart
	uartMu  sync.Mutex

	gate    gate
	ended   chan struct{}
	endOnce sync.Once
	outcome Outcome
}

// New builds a machine.
func New(c Config) (*Machine, error) {
	if c.CPUs < 1 || c.CPUs > MaxCPUs {
		return nil, fmt.Errorf("machine: %d processors, it can have 1 to %d", c.CPUs, MaxCPUs)
	}
	m := &Machine{uart: uart{to: c.Console}, ended: make(chan struct{})}
	if err := m.build(c); err != nil {
		m.Close()
		return nil, fmt.Errorf("machine: %w", err)
	}
	return m, nil
}

func (m *Machine) build(c Config) (err error) {
	if m.vm, err = c.System.NewVM(); err != nil {
		return err
	}
	if err := m.vm.AddIRQChip(); err != nil {
		return err
	}
	if m.mem, err = memory.New(c.Memory); err != nil {
		return err
	}
	for _, r := range m.mem.Regions() {
		if err := m.vm.SetMemory(r.Start, r.Bytes); err != nil {
			return err
		}
	}
	if err := m.plug(c); err != nil {
		return err
	}
	if err := m.addVCPUs(c); err != nil {
		return err
	}
	return m.load(c)
}

// plug joins the devices to addresses and interrupts.
func (m *Machine) plug(c Config) error {
	if c.Devices == nil {
		return nil
	}
	devices, err := c.Devices(m.mem)
	if err != nil {
		return err
	}
	if len(devices) > MaxDevices {
		return fmt.Errorf("%d devices, it can have %d", len(devices), MaxDevices)
	}
	for i, d := range devices {
		t, err := virtio.NewTransport(d, m.mem, func(err error) { m.end(Outcome{Violated, err}) })
		if err != nil {
			return err
		}
		m.devices = append(m.devices, t)
		if err := m.vm.Interrupt(t.Interrupt(), uint32(firstPin+i)); err != nil {
			return err
		}
		for queue, event := range t.Notifications() {
			if err := m.vm.NotifyOn(event, m.addr(i)+virtio.QueueNotify, uint32(queue)); err != nil {
				return err
			}
		}
	}
	return nil
}

// addr is where the registers of a device are.
func (m *Machine) addr(device int) uint64 { return deviceAddr + uint64(device)*virtio.RegistersSize }

func (m *Machine) addVCPUs(c Config) error {
	offered, err := c.System.CPUID()
	if err != nil {
		return err
	}
	for id := range c.CPUs {
		v, err := m.vm.NewVCPU(id)
		if err != nil {
			return err
		}
		m.vcpus = append(m.vcpus, v)
		if err := setUp(v, offered, c.CPUs); err != nil {
			return err
		}
	}
	return nil
}

func (m *Machine) load(c Config) error {
	size, err := sizeOf(c.Kernel)
	if err != nil {
		return err
	}
	kernel, err := boot.Load(m.mem, c.Kernel, size)
	if err != nil {
		return err
	}
	start := boot.Start{CommandLine: c.CommandLine}
	for _, f := range c.Initrd {
		size, err := sizeOf(f)
		if err != nil {
			return err
		}
		start.Initrd = append(start.Initrd, boot.Archive{From: f, Size: size})
	}
	described := acpi.Machine{CPUs: c.CPUs, SleepPort: sleepPort}
	for i := range m.devices {
		described.Devices = append(described.Devices, acpi.Device{
			Addr: uint32(m.addr(i)), Size: virtio.RegistersSize, Interrupt: uint32(firstPin + i),
		})
	}
	if start.Tables, err = acpi.Tables(described, boot.TablesAddr); err != nil {
		return err
	}
	regs, err := kernel.Prepare(m.mem, start)
	if err != nil {
		return err
	}
	return m.vcpus[0].EnterLongMode(m.mem, regs)
}

func sizeOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Memory is the guest's memory.
func (m *Machine) Memory() *memory.Memory { return m.mem }

// Stop ends a machine that runs.
func (m *Machine) Stop(err error) { m.end(Outcome{Stopped, err}) }

// end ends it the first time that it is called.
func (m *Machine) end(o Outcome) {
	m.endOnce.Do(func() {
		m.outcome = o
		close(m.ended)
	})
}

// Close gives back all that the machine has, which does not run.
func (m *Machine) Close() {
	for _, d := range m.devices {
		d.Close()
	}
	for _, v := range m.vcpus {
		v.Close()
	}
	if m.vm != nil {
		m.vm.Close()
	}
	if m.mem != nil {
		m.mem.Close()
	}
}
