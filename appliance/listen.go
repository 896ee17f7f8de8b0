package appliance

import (
	"errors"
	"io/fs"
	"net"
	"strings"
	"time"

	"torpor/event"
	"torpor/spec"
)

// way is one way in: what is listened on. Ways that are equal need no change.
type way struct {
	address, socket string // one of them
	protocol        string
	mode            fs.FileMode // of a Unix socket
	port            int
	wakeOnClose     bool
	sessionTimeout  time.Duration
}

// network is "tcp", "udp" or "unix", as net has them.
func (w way) network() string {
	switch {
	case strings.HasPrefix(w.address, "/"):
		return "unix"
	case w.protocol == spec.ProtocolUDP:
		return "udp"
	}
	return "tcp"
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
			f.log.Error("cannot listen; tried again each second", event.ListenFailed, "error", now.err)
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
	s, err := d.bind(w)
	if err != nil {
		return nil, err
	}
	closed, err := f.serve(s, w)
	if err != nil {
		d.unbind(w.storedName())
		return nil, err
	}
	return func() {
		closed()
		d.unbind(w.storedName())
	}, nil
}

// serve takes clients in from a socket.
func (f *function) serve(s socket, w way) (stop func(), err error) {
	if pc, ok := s.(net.PacketConn); ok {
		return f.route.ServeDatagrams(pc, w.port, w.sessionTimeout)
	}
	return f.route.Serve(s.(net.Listener), w.port, w.wakeOnClose), nil
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
		w := way{
			address: l.Address, socket: l.Socket, protocol: l.Protocol, mode: l.Mode,
			port: l.Port, wakeOnClose: l.WakeOnClose, sessionTimeout: l.SessionTimeout,
		}
		if w.socket != "" {
			w.address, w.mode = "", 0 // they are systemd's business
		}
		m[w] = true
	}
	return m
}
