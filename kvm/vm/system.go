package vm

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Device is where a kernel offers KVM.
const Device = "/dev/kvm"

// System is an open /dev/kvm.
type System struct {
	file     *os.File
	mmapSize int
}

// Open opens device and asks for its version. Errors of opening it are those of
// [os.OpenFile].
func Open(device string) (*System, error) {
	f, err := os.OpenFile(device, os.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s, err := OpenFile(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

// OpenFile is Open for a device that is open already. The system takes it over,
// unless there is an error.
func OpenFile(f *os.File) (*System, error) {
	s := &System{file: f}
	device := f.Name()
	version, err := ioctl(s.fd(), getAPIVersion, 0)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", device, err)
	}
	if version != apiVersion {
		return nil, fmt.Errorf("%s has version %d, not %d", device, version, apiVersion)
	}
	if s.mmapSize, err = ioctl(s.fd(), getVCPUMmapSize, 0); err != nil {
		return nil, fmt.Errorf("ask %s for the size of a vCPU: %w", device, err)
	}
	return s, nil
}

func (s *System) fd() int { return int(s.file.Fd()) }

// Has tells whether the kernel can do c.
func (s *System) Has(c Capability) bool {
	n, err := ioctl(s.fd(), checkExtension, uintptr(c))
	return err == nil && n > 0
}

// CPUID returns what the processor and KVM offer to guests.
func (s *System) CPUID() ([]CPUID, error) {
	l := list[CPUID]{count: maxEntries}
	if err := ioctlOn(s.fd(), getSupportedCPUID, &l); err != nil {
		return nil, fmt.Errorf("ask KVM for the processor's features: %w", err)
	}
	return append([]CPUID(nil), l.entries[:l.count]...), nil
}

// NewVM makes a machine without memory, processors or interrupt controllers.
func (s *System) NewVM() (*VM, error) {
	fd, err := ioctl(s.fd(), createVM, 0)
	for err == unix.EINTR { // it starts a thread of the kernel, and a signal of Go's runtime is enough to stop that
		fd, err = ioctl(s.fd(), createVM, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("create a VM: %w", err)
	}
	unix.CloseOnExec(fd)
	return &VM{fd: fd, mmapSize: s.mmapSize}, nil
}

// Close closes the device; machines made of it go on.
func (s *System) Close() { s.file.Close() }
