package appliance

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"

	"torpor/spec"
)

// probe is how a function is asked whether it is ready.
type probe struct {
	udp  bool
	port int
	path string // of a GET over TCP; "": a connect is enough
}

// probe asks on the first listener for TCP. Nobody can be asked over UDP: where all
// are for that, the first port has to be bound.
func (d *daemon) probe(f spec.Function) probe {
	i := slices.IndexFunc(f.Listens, d.takesStreams)
	if i < 0 {
		return probe{udp: true, port: f.Listens[0].Port}
	}
	return probe{port: f.Listens[i].Port, path: f.Ready.Path}
}

// takesStreams tells whether a listener is for the function's TCP port. Of a socket
// without a declared protocol, systemd's descriptors tell.
func (d *daemon) takesStreams(l spec.Listen) bool {
	if l.Protocol != "" {
		return l.Protocol == spec.ProtocolTCP
	}
	handed := d.sockets[l.Socket]
	return len(handed) == 0 || slices.ContainsFunc(handed, isStream)
}

// missing says what a function lacks that does not pass.
func (p probe) missing() string {
	if p.udp {
		return fmt.Sprintf("it has not bound UDP port %d", p.port)
	}
	return fmt.Sprintf("nothing answers on port %d", p.port)
}

func (p probe) passed(ctx context.Context, i *instance) bool {
	if p.udp {
		bound, err := i.BoundUDP(p.port)
		return err == nil && bound
	}
	conn, err := i.Dial(ctx, p.port)
	if err != nil {
		return false
	}
	defer conn.Close()
	if p.path == "" {
		return true
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	return answersOK(conn, p.path)
}

// answersOK asks for path over HTTP and tells whether the answer was a good one.
func answersOK(conn net.Conn, path string) bool {
	req, err := http.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return false
	}
	req.Close = true
	if err := req.Write(conn); err != nil {
		return false
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode < http.StatusBadRequest
}
