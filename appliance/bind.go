package appliance

import (
	"net"
	"os"
	"strings"
)

// storedSockets begins the names of listening sockets in systemd's store.
const storedSockets = "listen/"

// storedName is the name by which a listening socket outlives the daemon in
// systemd's store. A name must not have colons.
func storedName(network, address string) string {
	return storedSockets + network + "/" + strings.ReplaceAll(address, ":", "=")
}

// bind listens on an address. The socket stays open when the daemon is restarted or
// dies: connections wait in it for the next one, which finds it here.
func (d *daemon) bind(network, address string) (net.Listener, error) {
	name := storedName(network, address)
	if files := d.stored[name]; len(files) > 0 {
		delete(d.stored, name)
		defer files[0].Close()
		ln, err := net.FileListener(files[0])
		if err == nil {
			return ln, nil
		}
		d.Log.Warn("a socket that the former daemon left cannot be used", "address", address, "error", err)
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	if err := d.keepSocket(name, ln); err != nil {
		d.Log.Warn("clients will be refused while the daemon restarts", "address", address, "error", err)
	}
	return ln, nil
}

// keepSocket gives systemd a descriptor of a listening socket.
func (d *daemon) keepSocket(name string, ln net.Listener) error {
	if !d.store.Available() {
		return nil
	}
	file, err := ln.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		return err
	}
	defer file.Close()
	return d.store.Put(name, int(file.Fd()))
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
				d.unbind(storedName("tcp", w.address))
			}
		}
	}
}
