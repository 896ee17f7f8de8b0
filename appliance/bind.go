package appliance

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// storedSockets begins the names of listening sockets in systemd's store.
const storedSockets = "listen/"

// socket is a net.Listener, or a net.PacketConn.
type socket interface {
	io.Closer
	syscall.Conn
}

// storedName is the name by which a socket outlives the daemon in systemd's store.
// A name must not have colons.
func (w way) storedName() string {
	return storedSockets + w.network() + "/" + strings.ReplaceAll(w.address, ":", "=")
}

// bind listens on an address. The socket stays open when the daemon is restarted or
// dies: connections and datagrams wait in it for the next one, which finds it here.
func (d *daemon) bind(w way) (socket, error) {
	name := w.storedName()
	if files := d.stored[name]; len(files) > 0 {
		s, err := w.resume(files[0])
		if err == nil {
			files[0].Close()
			delete(d.stored, name)
			return s, nil
		}
		d.Log.Warn("a socket that the former daemon left cannot be used", "address", w.address, "error", err)
		d.unbind(name)
	}
	s, err := w.bind()
	if err != nil {
		return nil, explain(err)
	}
	if err := d.keepSocket(name, s); err != nil {
		d.Log.Warn("clients will be refused while the daemon restarts", "address", w.address, "error", err)
	}
	return s, nil
}

func (w way) bind() (socket, error) {
	switch w.network() {
	case "unix":
		return listenUnix(w.address, w.mode)
	case "udp":
		return socketOf(net.ListenPacket("udp", w.address))
	default:
		return socketOf(net.Listen("tcp", w.address))
	}
}

// resume takes over the socket of a former daemon.
func (w way) resume(file *os.File) (socket, error) {
	switch w.network() {
	case "unix":
		return resumeUnix(file, w.address, w.mode)
	case "udp":
		return socketOf(net.FilePacketConn(file))
	default:
		return socketOf(net.FileListener(file))
	}
}

func socketOf[T any](opened T, err error) (socket, error) {
	if err != nil {
		return nil, err
	}
	return any(opened).(socket), nil
}

// explain adds to an error what to do about it.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("%w: end what uses it, or declare another address", err)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fmt.Errorf("%w: this machine has no such address at present", err)
	}
	return err
}

// keepSocket gives systemd a descriptor of a socket.
func (d *daemon) keepSocket(name string, s socket) error {
	if !d.store.Available() {
		return nil
	}
	raw, err := s.SyscallConn() // os.File.Fd would make the socket one that blocks
	if err != nil {
		return err
	}
	var putErr error
	err = raw.Control(func(fd uintptr) { putErr = d.store.Put(name, int(fd)) })
	return errors.Join(err, putErr)
}

// unbind has an address be refused from now on. What listens there has been closed.
func (d *daemon) unbind(name string) {
	d.notify(d.store.Drop(name))
	for _, file := range d.stored[name] {
		file.Close()
	}
	delete(d.stored, name)
}

// unbindLeft closes the sockets that the former daemon left and that nothing
// declared listens on.
func (d *daemon) unbindLeft() {
	for name := range d.stored {
		if strings.HasPrefix(name, storedSockets) {
			d.unbind(name)
		}
	}
}

// unbindAll has all addresses be refused that systemd does not listen on for its own
// units.
func (d *daemon) unbindAll() {
	for _, f := range d.functions {
		for w := range f.ways {
			if w.socket == "" {
				d.unbind(w.storedName())
			}
		}
	}
}
