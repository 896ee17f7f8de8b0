package appliance

import (
	"errors"
	"fmt"
	"net"

	"torpor/spec"
)

// way is one way in: what is listened on. Ways that are equal need no change.
type way struct {
	address, socket string
	port            int
	wakeOnClose     bool
}

// listening is a way that is open, or why it is not.
type listening struct {
	stop func()
	err  error
}

// listenAll opens and closes listeners until they are as declared. All that are
// to be closed are closed first, as an address may move between functions.
func (d *daemon) listenAll() {
	for _, f := range d.functions {
		wanted := ways(f.spec.Listens)
		for w, l := range f.ways {
			if !wanted[w] {
				l.close()
				delete(f.ways, w)
			}
		}
	}
	for _, f := range d.functions {
		if d.desired.Declares(f.spec.Name) {
			d.listen(f)
		}
	}
}

// listen opens what is declared and not open. An address that cannot be had is
// reported once and tried again with each turn.
func (d *daemon) listen(f *function) {
	for w := range ways(f.spec.Listens) {
		before := f.ways[w]
		if before != nil && before.err == nil {
			continue
		}
		now := &listening{}
		now.stop, now.err = d.open(f, w)
		f.ways[w] = now
		if now.err != nil && (before == nil || before.err.Error() != now.err.Error()) {
			f.log.Error("cannot listen; tried again each second", "error", now.err)
		}
	}
}

// listenAgain tries what could not be opened before.
func (d *daemon) listenAgain() {
	for _, f := range d.functions {
		if f.deaf() {
			d.listen(f)
		}
	}
}

func (d *daemon) open(f *function, w way) (stop func(), err error) {
	if w.socket != "" {
		return d.openHandedOver(f, w)
	}
	ln, err := d.bind("tcp", w.address)
	if err != nil {
		return nil, err
	}
	close := f.route.Serve(ln, w.port, w.wakeOnClose)
	return func() {
		close()
		d.unbind(storedName("tcp", w.address))
	}, nil
}

// openHandedOver serves duplicates of systemd's sockets, so that those stay open
// over a change of declaration.
func (d *daemon) openHandedOver(f *function, w way) (stop func(), err error) {
	handed := d.sockets[w.socket]
	if len(handed) == 0 {
		return nil, fmt.Errorf("systemd handed over no socket named %q: name it with FileDescriptorName= in a .socket unit of this service", w.socket)
	}
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	for _, file := range handed {
		ln, err := net.FileListener(file)
		if err != nil {
			stop()
			return nil, fmt.Errorf("socket %q: %w", w.socket, err)
		}
		stops = append(stops, f.route.Serve(ln, w.port, w.wakeOnClose))
	}
	return stop, nil
}

func (l *listening) close() {
	if l.stop != nil {
		l.stop()
	}
}

// silence closes all listeners of f; its connections go on.
func (f *function) silence() {
	for w, l := range f.ways {
		l.close()
		delete(f.ways, w)
	}
}

// deaf tells whether f has a way in that could not be opened.
func (f *function) deaf() bool {
	for _, l := range f.ways {
		if l.err != nil {
			return true
		}
	}
	return false
}

// listenErrors says which ways in are closed against the declaration.
func (f *function) listenErrors() error {
	var errs []error
	for _, l := range f.ways {
		errs = append(errs, l.err)
	}
	return errors.Join(errs...)
}

func ways(listens []spec.Listen) map[way]bool {
	m := make(map[way]bool, len(listens))
	for _, l := range listens {
		m[way{address: l.Address, socket: l.Socket, port: l.Port, wakeOnClose: l.WakeOnClose}] = true
	}
	return m
}
