package machine

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"torpor/kvm/device"
	"torpor/kvm/machine/machinetest"
	"torpor/kvm/memory"
	"torpor/kvm/virtio"
	"torpor/kvm/vm"
)

const size = 32 << 20

// console keeps what a guest writes, and tells when it is something.
type console struct {
	mu   sync.Mutex
	b    bytes.Buffer
	said chan struct{} // gets one a byte, as long as there is room
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.said <- struct{}{}:
	default:
	}
	return c.b.Write(p)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}

// newMachine builds a machine with all devices, for a kernel of this code.
func newMachine(t *testing.T, cpus int, code ...[]byte) (*Machine, *console) {
	t.Helper()
	sys, err := vm.Open(vm.Device)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /dev/kvm on this machine")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer sys.Close()
	path := filepath.Join(t.TempDir(), "kernel")
	if err := os.WriteFile(path, machinetest.Kernel(code...), 0o600); err != nil {
		t.Fatal(err)
	}
	kernel, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer kernel.Close()
	c := &console{said: make(chan struct{}, 1)}
	m, err := New(Config{
		System: sys, Memory: size, CPUs: cpus, Kernel: kernel, CommandLine: "quiet", Console: c,
		Devices: func(mem *memory.Memory) ([]virtio.Device, error) {
			b, err := device.NewBlock(kernel, true, "disk")
			return []virtio.Device{b, device.NewSocket(3, nobody), device.NewBalloon(mem), device.NewEntropy(), device.NewConsole(io.Discard)}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, c
}

// nobody listens on the host.
func nobody(uint32) (*net.UnixConn, error) { return nil, errors.New("nobody listens") }

func TestMachineThatSwitchesItselfOff(t *testing.T) {
	m, c := newMachine(t, 2, machinetest.Say("hello"), machinetest.PowerOff, machinetest.Spin)
	if o := m.Run(); o.End != PoweredOff || o.Err != nil {
		t.Errorf("it %v", o)
	}
	if c.String() != "hello" {
		t.Errorf("it said %q", c)
	}
}

func TestMachineThatCrashes(t *testing.T) {
	m, _ := newMachine(t, 1, machinetest.Crash)
	if o := m.Run(); o.End != Reset {
		t.Errorf("it %v", o)
	}
}

func TestMachineThatIsResetByItsKeyboard(t *testing.T) {
	m, _ := newMachine(t, 1, machinetest.Out(keyboardPort, keyboardReset), machinetest.Spin)
	if o := m.Run(); o.End != Reset {
		t.Errorf("it %v", o)
	}
}

func TestMachineThatIsStopped(t *testing.T) {
	m, c := newMachine(t, 3, machinetest.Say("x"), machinetest.Spin)
	ended := make(chan Outcome)
	go func() { ended <- m.Run() }()
	<-c.said
	m.Stop(nil)
	if o := <-ended; o.End != Stopped {
		t.Errorf("it %v", o)
	}
}

// TestPark stops a machine that writes all the time, and lets it go on.
func TestPark(t *testing.T) {
	forever := machinetest.Out(uartBase, '.')
	forever = append(forever, 0xeb, byte(-len(forever)-2)) // jmp to its start
	m, c := newMachine(t, 2, forever)
	ended := make(chan Outcome)
	go func() { ended <- m.Run() }()
	for range 3 {
		<-c.said
		m.Park()
		m.Park() // twice is once
		before := c.String()
		for range 1000 {
			if len(c.String()) != len(before) {
				t.Fatal("it goes on")
			}
		}
		select {
		case <-c.said:
		default:
		}
		m.Unpark()
	}
	<-c.said
	m.Park()
	m.Stop(nil)
	if o := <-ended; o.End != Stopped {
		t.Errorf("it %v", o)
	}
}

// TestGarbageInEveryRegister ends the machine for a broken rule at worst.
func TestGarbageInEveryRegister(t *testing.T) {
	var code [][]byte
	for _, value := range []uint32{0xffffffff, 0x80000001, 1, 0} {
		code = append(code, machinetest.StoreAll(deviceAddr, deviceAddr+6*virtio.RegistersSize, 4, value))
		code = append(code, machinetest.StoreAll(deviceAddr+1, deviceAddr+6*virtio.RegistersSize, 0x101, value))
	}
	for port := range 0x500 { // all of a PC's, but those that end it
		if port != keyboardPort {
			code = append(code, machinetest.Out(uint16(port), 0xa5))
		}
	}
	code = append(code, machinetest.Say("through"), machinetest.PowerOff, machinetest.Spin)
	m, c := newMachine(t, 1, code...)
	o := m.Run()
	if o.End == Violated && errors.Is(o.Err, virtio.ErrViolation) {
		return
	}
	if o.End != PoweredOff || !strings.HasSuffix(c.String(), "through") {
		t.Errorf("it %v, and said %q", o, c)
	}
}

// TestDriverThatBreaksARuleEndsTheMachine switches a device on without agreeing on features.
func TestDriverThatBreaksARuleEndsTheMachine(t *testing.T) {
	m, _ := newMachine(t, 1, machinetest.Store(deviceAddr+0x70, 4), machinetest.Spin)
	o := m.Run()
	if o.End != Violated || !errors.Is(o.Err, virtio.ErrViolation) || !strings.Contains(o.String(), "block device") {
		t.Errorf("it %v", o)
	}
}

func TestMachinesThatCannotBe(t *testing.T) {
	for _, cpus := range []int{0, MaxCPUs + 1} {
		if _, err := New(Config{CPUs: cpus}); err == nil {
			t.Errorf("%d processors: no error", cpus)
		}
	}
}
