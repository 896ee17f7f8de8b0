package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// openShares opens what the mounts need of init's own root.
func (g *guest) openShares() error {
	for range g.config.Mounts {
		fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			return &os.PathError{Op: "open", Path: "/dev/fuse", Err: err}
		}
		g.fuse = append(g.fuse, fd)
	}
	return nil
}

// mountShares mounts what the host shows, in the function's root, whose links are followed
// as the function would.
func (g *guest) mountShares() error {
	for i, m := range g.config.Mounts {
		if err := g.mountShare(i, m); err != nil {
			return fmt.Errorf("%s: %w", m.Target, err)
		}
	}
	return nil
}

func (g *guest) mountShare(i int, m wire.Mount) error {
	host, err := dialHost(wire.SharePort)
	if err != nil {
		return err
	}
	head := wire.ShareHeader{Mount: uint16(i)}.Bytes()
	if _, err := host.Write(head[:]); err != nil {
		return err
	}
	if err := makeTarget(m); err != nil {
		return err
	}
	if err := mountFUSE(g.fuse[i], m); err != nil {
		return err
	}
	// Before it is mounted, nobody can wait for it.
	fuse, err := newStream(g.fuse[i])
	if err != nil {
		return err
	}
	go relay(fuse, host, m.Target)
	return nil
}

func makeTarget(m wire.Mount) error {
	if !m.File {
		return os.MkdirAll(m.Target, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(m.Target), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(m.Target, os.O_CREATE|os.O_RDONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

func mountFUSE(fd int, m wire.Mount) error {
	kind := unix.S_IFDIR
	if m.File {
		kind = unix.S_IFREG
	}
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV)
	if !m.Writable {
		flags |= unix.MS_RDONLY
	}
	options := fmt.Sprintf("fd=%d,rootmode=%o,user_id=0,group_id=0,default_permissions,allow_other", fd, kind)
	return unix.Mount("host", m.Target, "fuse", flags, options)
}

// relay carries the kernel's requests to the host and the answers back, each whole. It ends
// when one side does.
func relay(fuse, host *stream, target string) {
	ended := make(chan error, 2)
	go func() { ended <- requests(host, fuse) }()
	go func() { ended <- answers(fuse, host) }()
	err := <-ended
	_, _ = host.Close(), fuse.Close()
	<-ended
	if errors.Is(err, unix.ENODEV) {
		return // unmounted
	}
	fmt.Fprintf(os.Stderr, "torpor: %s is no longer there: %v\n", target, err)
}

func requests(host, fuse *stream) error {
	buf := make([]byte, wire.MaxShareMessage)
	for {
		n, err := fuse.receive(buf)
		if errors.Is(err, unix.ENOENT) {
			continue // taken back meanwhile
		}
		if err != nil {
			return err
		}
		if _, err := host.Write(buf[:n]); err != nil {
			return err
		}
	}
}

func answers(fuse, host *stream) error {
	buf := make([]byte, wire.MaxShareMessage)
	for {
		n, err := wire.ReadShareMessage(host, buf)
		if err != nil {
			return err
		}
		// ENOENT: whoever asked was interrupted, and does not wait any more.
		if _, err := fuse.Write(buf[:n]); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
}

// closeShares writes back what was changed in memory only.
func (g *guest) closeShares() {
	unix.Sync()
	for _, m := range g.config.Mounts {
		_ = unix.Unmount(m.Target, 0)
	}
}
