package rival

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"torpor/cgroup"
	"torpor/kvm"
	"torpor/kvm/guest"
	"torpor/kvm/initramfs"
	"torpor/kvm/root"
	"torpor/kvm/wire"
	"torpor/spec"
)

const (
	// qemu is found in the PATH. It has vhost-vsock, which its smallest builds do not.
	qemu = "qemu-system-x86_64"
	// monitorMemory is what torpor takes off a function's limit for the monitor.
	monitorMemory = 24 << 20
	// cgroupRoot is where version 2 is mounted, which alone has kernel threads in its groups.
	cgroupRoot = "/sys/fs/cgroup"
)

// MicroVM is a function in QEMU's machine "microvm", with the kernel, the initramfs and the root that torpor's monitor
// would have: the same init calls this process over vsock. It is frozen and its memory reclaimed to sleep, as torpor
// does it, but with nothing prefetched.
type MicroVM struct {
	*place
	// Plain says, for the next Cold, that the kernel is as its package has it, with what QEMU's manual tells it.
	Plain bool
	// LastBoot is where the time of the last cold start went.
	LastBoot             Boot
	kernel, initrd, disk string // files
	port                 uint16 // of the function
	link                 *link
	front                *net.TCPListener
	guest                *current
	exited               chan struct{}
}

// plainCommandLine has the console that is there; else it is the manual's.
const plainCommandLine = "quiet console=hvc0 reboot=t panic=-1"

// Boot is how long the parts of a guest's boot took, one after the other.
type Boot struct {
	Kernel  time.Duration // until init ran: the monitor, its firmware and the kernel
	Modules time.Duration
	Root    time.Duration
	Start   time.Duration // until the program was started
	Program time.Duration // until it replied
}

// NewMicroVM makes an instance that is reached at an address of this machine. What it gives has to be closed, with an
// error too, unless it is nil. There can be one at a time.
func NewMicroVM(ctx context.Context, h *cgroup.Hierarchy, f spec.Function, parent, group, address string) (*MicroVM, error) {
	p, err := newPlace(h, f, parent, group, address)
	if err != nil {
		return nil, err
	}
	m := &MicroVM{place: p, port: uint16(f.Listens[0].Port)}
	if err := m.makeFiles(ctx); err != nil {
		return m, fmt.Errorf("rival: %w", err)
	}
	if m.link, err = newLink(); err != nil {
		return m, err
	}
	front, err := net.Listen("tcp", address)
	if err != nil {
		return m, fmt.Errorf("rival: %w", err)
	}
	m.front = front.(*net.TCPListener)
	go m.forward()
	return m, nil
}

// makeFiles makes what the machine is made of.
func (m *MicroVM) makeFiles(ctx context.Context) error {
	path := kvm.HostKernel()
	release, err := kvm.Release(path)
	if err != nil {
		return err
	}
	kernels := kvm.NewKernels(filepath.Join(m.dir, "kernels"))
	for range 2 { // the first unpacks it, to a file of another name
		f, err := kernels.Open(path)
		if err != nil {
			return err
		}
		m.kernel = f.Name()
		f.Close()
	}
	disk, err := root.NewStore(filepath.Join(m.dir, "images")).Open(ctx, m.function.Rootfs, "")
	if err != nil {
		return err
	}
	m.disk = disk.File.Name()
	disk.Close()
	init, err := guest.Init()
	if err != nil {
		return err
	}
	base, err := initramfs.Build(initramfs.Kernel{Release: release}, initramfs.Needed, init)
	if err != nil {
		return err
	}
	own, err := initramfs.Config(wire.Config{
		Hostname: "guest", Args: slices.Concat(m.function.Command, m.function.Args), WorkingDir: "/",
		Env: m.env("127.0.0.1", int(m.port)), UID: nobody, GID: nobody,
	})
	if err != nil {
		return err
	}
	m.initrd = filepath.Join(m.dir, "initrd")
	return os.WriteFile(m.initrd, slices.Concat(base, own), 0o600)
}

// nobody is whom functions run as.
const nobody = 65534

func (m *MicroVM) args() []string {
	memory := uint64(m.function.Limits.Memory) - monitorMemory
	kernel, commandLine := m.kernel, kvm.CommandLine
	if m.Plain {
		kernel, commandLine = kvm.HostKernel(), plainCommandLine
	}
	return []string{
		qemu,
		"-machine", "microvm,x-option-roms=off,pit=off,pic=off,isa-serial=off,rtc=off,memory-backend=memory",
		"-accel", "kvm", "-cpu", "host", "-smp", "1", "-m", fmt.Sprintf("%dM", memory>>20),
		"-object", fmt.Sprintf("memory-backend-memfd,id=memory,size=%dM,share=on", memory>>20),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-kernel", kernel, "-initrd", m.initrd, "-append", commandLine,
		"-global", "virtio-mmio.force-legacy=false",
		"-drive", "if=none,id=root,format=raw,readonly=on,file=" + m.disk, "-device", "virtio-blk-device,drive=root",
		"-device", fmt.Sprintf("vhost-vsock-device,guest-cid=%d", wire.GuestCID),
		"-device", "virtio-balloon-device,free-page-reporting=on",
		"-device", "virtio-rng-device",
		"-chardev", "file,id=console,path=" + m.log(), "-device", "virtio-serial-device", "-device", "virtconsole,chardev=console",
	}
}

// bootLimit bounds a cold start: there are machines in which a kernel takes its time.
const bootLimit = 3 * time.Minute

// Cold starts it and asks it.
func (m *MicroVM) Cold(ctx context.Context) (time.Duration, error) {
	m.client.Restarted()
	cmd := m.command(ctx, m.args()...)
	begin, err := m.begin(cmd)
	if err != nil {
		return 0, err
	}
	m.exited = make(chan struct{})
	limited, cancel := context.WithTimeoutCause(ctx, bootLimit, fmt.Errorf("%s: not started within %s", m.function.Name, bootLimit))
	defer cancel()
	go func() {
		_ = cmd.Wait() // it is killed, or says why itself
		close(m.exited)
		cancel()
	}()
	var boot wire.Boot
	if m.guest, boot, err = m.link.await(limited); err != nil {
		return 0, fmt.Errorf("%w: %s", err, m.lastWords())
	}
	started := time.Now()
	if m.hierarchy.Version() == "v2" {
		if err := kvm.MoveKernelThreads(filepath.Join(cgroupRoot, m.group.Path()), cgroupRoot); err != nil {
			return 0, err
		}
	}
	if _, err := m.Ask(limited); err != nil {
		return 0, err
	}
	took := time.Since(begin)
	m.LastBoot = Boot{
		Kernel:  started.Sub(begin) - time.Duration(boot.Started-boot.Init),
		Modules: time.Duration(boot.Modules - boot.Init), Root: time.Duration(boot.Root - boot.Modules),
		Start: time.Duration(boot.Started - boot.Root), Program: time.Since(started),
	}
	return took, nil
}

// forward leads clients to the function, as torpor's gateway does.
func (m *MicroVM) forward() {
	for {
		client, err := m.front.AcceptTCP()
		if err != nil {
			return
		}
		go func() {
			stream, err := m.connect()
			if err != nil {
				client.Close()
				return
			}
			join(stream, client)
		}()
	}
}

// connect opens a stream to the function, and waits for it to listen.
func (m *MicroVM) connect() (*os.File, error) {
	for begin := time.Now(); ; time.Sleep(knock) {
		stream, err := dialVsock(wire.GuestCID, wire.ProxyPort)
		if err != nil {
			return nil, err
		}
		header := wire.ProxyHeader{Port: m.port}.Bytes()
		var status [1]byte
		if _, err = stream.Write(header[:]); err == nil {
			_, err = io.ReadFull(stream, status[:])
		}
		if err == nil && wire.Status(status[0]) == wire.Connected {
			return stream, nil
		}
		stream.Close()
		if err != nil || time.Since(begin) > answerLimit {
			return nil, errors.Join(err, errors.New("rival: the function does not listen"))
		}
	}
}

// Sleep has the guest give memory back, freezes it and reclaims what it keeps.
func (m *MicroVM) Sleep(ctx context.Context) error {
	if err := m.guest.giveBack(ctx); err != nil {
		return err
	}
	if err := m.group.Freeze(ctx); err != nil {
		return err
	}
	return m.group.Reclaim(ctx)
}

// Wake lets it go on, and asks it.
func (m *MicroVM) Wake(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	if err := m.group.Thaw(); err != nil {
		return 0, err
	}
	_, err := m.Ask(ctx)
	return time.Since(begin), err
}

// Stop ends it.
func (m *MicroVM) Stop() error {
	err := m.kill()
	if m.exited != nil && err == nil {
		<-m.exited
	}
	if m.guest != nil {
		m.guest.stream.Close()
		m.guest = nil
	}
	return err
}

// Close ends it and removes what it had.
func (m *MicroVM) Close() error {
	err := m.Stop()
	if m.front != nil {
		err = errors.Join(err, m.front.Close())
	}
	if m.link != nil {
		err = errors.Join(err, m.link.close())
	}
	return errors.Join(err, m.close())
}
