package monitor

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/device"
	"torpor/kvm/jail"
	"torpor/kvm/machine"
	"torpor/kvm/memory"
	"torpor/kvm/virtio"
	"torpor/kvm/vm"
	"torpor/kvm/wire"
)

const (
	// The function's descriptors are streams; beside them there are a few of the
	// monitor's own.
	maxFiles   = 16384
	maxThreads = 512
	// farewell is how long a guest has to switch itself off when its function ended.
	farewell = 5 * time.Second
)

// Main is the life of a monitor that is asked over socket; it returns its exit code,
// which is that of the function.
func Main(socket *os.File) int {
	debug.SetGCPercent(50)
	_ = os.WriteFile("/proc/self/comm", []byte("torpor-monitor"), 0) // for those who look
	conn, err := net.FileConn(socket)
	socket.Close()
	if err != nil {
		return 1
	}
	asked := conn.(*net.UnixConn)
	r, files, err := receive(asked)
	if errors.Is(err, io.EOF) {
		return 0 // nobody needs it any more
	}
	if err != nil {
		_ = Reply{Error: err.Error()}.send(asked)
		return 1
	}
	m := &monitor{began: time.Now(), request: r, files: files, guest: newGuest(files.Output, files.Spare)}
	if err := m.build(); err != nil {
		_ = Reply{Error: err.Error()}.send(asked)
		return 1
	}
	return m.run(asked)
}

// monitor is a machine and what is between it and the daemon.
type monitor struct {
	began   time.Time
	request Request
	files   Files
	record  *device.Record
	machine *machine.Machine
	balloon *device.Balloon
	socket  *device.Socket
	guest   *guest
	streams *net.UnixListener
	orders  *net.UnixListener
}

// build goes to jail and builds the machine there.
func (m *monitor) build() (err error) {
	if err := jail.Enter(); err != nil {
		return err
	}
	runtime.GOMAXPROCS(min(runtime.NumCPU(), m.request.CPUs+1)) // set once, it is not looked up again
	if err := jail.Drop(m.request.UID, m.request.GID, jail.Limits{Files: maxFiles, Threads: maxThreads}); err != nil {
		return err
	}
	if err := unix.Dup3(int(m.files.Crash.Fd()), int(os.Stderr.Fd()), 0); err != nil {
		return err
	}
	if m.record, err = device.NewRecord(m.files.Record, m.request.RecordLimit); err != nil {
		return err
	}
	if m.streams, err = listener(m.files.Streams); err != nil {
		return err
	}
	if m.orders, err = listener(m.files.Commands); err != nil {
		return err
	}
	for _, f := range m.files.Shares {
		c, err := net.FileConn(f)
		f.Close()
		if err != nil {
			return err
		}
		m.guest.shares = append(m.guest.shares, c.(*net.UnixConn))
	}
	if err := m.create(); err != nil {
		return err
	}
	return jail.Filter(allowed(), jail.Denied())
}

// create makes the machine, and closes what it was made of.
func (m *monitor) create() error {
	system, err := vm.OpenFile(m.files.KVM)
	if err != nil {
		return err
	}
	defer system.Close()
	m.machine, err = machine.New(machine.Config{
		System: system, Memory: m.request.Memory, CPUs: m.request.CPUs,
		Kernel: m.files.Kernel, Initrd: m.files.Initramfs, CommandLine: m.request.CommandLine,
		Console: m.record, Devices: m.devices,
	})
	if err != nil {
		return err
	}
	m.files.Kernel.Close()
	for _, f := range m.files.Initramfs {
		f.Close()
	}
	return nil
}

// allowed are the system calls of a machine that runs.
func allowed() []jail.Call {
	calls := append(jail.GoCalls(), jail.FileCalls()...)
	calls = append(calls, jail.SocketCalls()...)
	return append(calls, jail.Ioctls(vm.Requests()))
}

func listener(f *os.File) (*net.UnixListener, error) {
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return l.(*net.UnixListener), nil
}

// devices are those of the machine; disks come first and in their order, as guests
// name them by it.
func (m *monitor) devices(mem *memory.Memory) ([]virtio.Device, error) {
	var all []virtio.Device
	for i, d := range m.request.Disks {
		b, err := device.NewBlock(m.files.Disks[i], d.ReadOnly, d.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	m.balloon = device.NewBalloon(mem)
	m.socket = device.NewSocket(wire.GuestCID, m.guest.accept)
	return append(all, m.socket, m.balloon, device.NewEntropy(), device.NewConsole(m.record)), nil
}

// run runs the machine to its end.
func (m *monitor) run(asked *net.UnixConn) int {
	built := time.Now()
	debug.FreeOSMemory() // what building took
	over := make(chan machine.Outcome, 1)
	go func() { over <- m.machine.Run() }()
	go m.serveStreams()
	go m.serveCommands()
	go m.farewell()
	replied := make(chan bool, 1)
	go func() {
		<-m.guest.started
		if !firstOf(replied) {
			return
		}
		_ = Reply{Create: built.Sub(m.began), Boot: m.guest.boot.parts(built)}.send(asked)
		asked.Close()
	}()
	outcome := <-over
	how, code := m.describe(outcome)
	m.record.Note(how)
	if firstOf(replied) {
		_ = Reply{Error: how}.send(asked)
	}
	if data, err := json.Marshal(Exit{Status: how}); err == nil {
		_, _ = m.files.Exit.WriteAt(data, 0)
	}
	return code
}

// firstOf tells the first of its callers from the others.
func firstOf(done chan bool) bool {
	select {
	case done <- true:
		return true
	default:
		return false
	}
}

// farewell ends the machine when its function has, if the guest does not.
func (m *monitor) farewell() {
	<-m.guest.ended
	m.guest.release()
	time.Sleep(farewell)
	m.machine.Stop(nil)
}

// describe says how the function ended, and with which code.
func (m *monitor) describe(o machine.Outcome) (string, int) {
	if how, code, ok := m.guest.exit(); ok {
		return how, code
	}
	if panicked := panicLine(m.record.Tail()); panicked != "" && o.End == machine.Reset {
		return "guest kernel panicked: " + panicked, 1
	}
	return o.String(), 1
}

// panicLine is why a kernel panicked, as it said last.
func panicLine(console string) string {
	const mark = "Kernel panic - not syncing: "
	i := strings.LastIndex(console, mark)
	if i < 0 {
		return ""
	}
	line, _, _ := strings.Cut(console[i+len(mark):], "\n")
	return printable(line)
}

// printable is a guest's text without what could play tricks on a terminal.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 500)]
}

// serveStreams passes streams from the host on to the guest's proxy.
func (m *monitor) serveStreams() {
	for {
		conn, err := m.streams.AcceptUnix()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of descriptors, for a moment
			continue
		}
		m.socket.Connect(conn, wire.ProxyPort)
	}
}

func (m *monitor) stats() Stats {
	resident, _ := m.machine.Memory().Resident()
	return Stats{
		Memory: m.machine.Memory().Size(), Resident: resident,
		GivenBack: m.balloon.Released(), OOMKills: m.guest.kills(), Up: time.Since(m.began),
	}
}

var errOp = errors.New("unknown command")
