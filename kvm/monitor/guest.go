package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// guest is the monitor's side of what init says and is asked.
type guest struct {
	output  []*os.File    // the first that can be written takes what the function prints
	started chan struct{} // closed when the function runs
	boot    booted        // set before that
	ended   chan struct{} // closed when it has ended, or cannot run

	mu       sync.Mutex
	control  *net.UnixConn
	encoder  *wire.Encoder
	lastID   uint64
	waiting  map[uint64]chan wire.Message
	oomKills uint64
	once     sync.Once
	how      string // it ended, or why it could not run; set once, before ended is closed
	code     int
	outputs  int
	mounts   int
	shares   []*net.UnixConn // streams to who serves them; nil once the guest has it
}

func newGuest(output ...*os.File) *guest {
	return &guest{
		output: output, started: make(chan struct{}), ended: make(chan struct{}),
		waiting: map[uint64]chan wire.Message{},
	}
}

var errPort = errors.New("nobody listens on this port")

// accept takes a stream that the guest opens: init's two, once each, and one a mount. Nothing is left
// then for the function, which can open such streams too.
func (g *guest) accept(port uint32) (*net.UnixConn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var serve func(*net.UnixConn)
	switch {
	case port == wire.ControlPort && g.control == nil:
		serve = g.listen
	case port == wire.OutputPort && g.outputs == 0:
		g.outputs++
		serve = g.copyOutput
	case port == wire.SharePort && g.mounts < len(g.shares):
		g.mounts++
		serve = g.passShare
	default:
		return nil, errPort
	}
	device, ours, err := socketPair()
	if err != nil {
		return nil, err
	}
	if port == wire.ControlPort {
		g.control, g.encoder = ours, wire.NewEncoder(ours)
	}
	go serve(ours)
	return device, nil
}

// copyOutput passes on what the function prints. What can be written nowhere is
// dropped, as a function does not end for want of a reader.
func (g *guest) copyOutput(from *net.UnixConn) {
	defer from.Close()
	_ = copyAll(&firstOfAll{g.output}, from)
}

// firstOfAll writes to the first file, and to the next once that takes no more.
type firstOfAll struct{ files []*os.File }

func (w *firstOfAll) Write(p []byte) (int, error) {
	for rest := p; len(w.files) > 0 && len(rest) > 0; {
		n, err := w.files[0].Write(rest)
		if rest = rest[n:]; err != nil {
			w.files = w.files[1:]
		}
	}
	return len(p), nil
}

// copyAll is io.Copy without the system calls that the monitor may not make.
func copyAll(to io.Writer, from io.Reader) error {
	_, err := io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from})
	return err
}

// passShare joins a stream to who serves the share that it begins with naming.
func (g *guest) passShare(conn *net.UnixConn) {
	defer conn.Close()
	h, err := wire.ReadShareHeader(conn)
	if err != nil {
		return
	}
	server := g.takeShare(int(h.Mount))
	if server == nil {
		return
	}
	defer server.Close()
	go func() {
		_ = copyAll(conn, server)
		conn.Close() // ends the other direction too
	}()
	_ = copyAll(server, conn)
}

// takeShare is the stream to a share's server, once.
func (g *guest) takeShare(number int) *net.UnixConn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if number >= len(g.shares) {
		return nil
	}
	server := g.shares[number]
	g.shares[number] = nil
	return server
}

// listen reads init's messages.
func (g *guest) listen(conn *net.UnixConn) {
	d := wire.NewDecoder(conn)
	for {
		m, err := d.Decode()
		if err != nil {
			g.hangUp()
			return
		}
		switch m.Op {
		case wire.Started:
			g.once.Do(func() {
				g.boot = bootedBy(time.Now(), m.Boot)
				close(g.started)
			})
		case wire.Exited:
			g.note(m)
			code := m.Code & 0xff // a guest may say anything
			g.end(code, exitSentence(code, m.OOMKills > 0))
		case wire.Fatal:
			g.end(1, "could not run: "+printable(m.Error))
		case wire.Reply:
			g.note(m)
			g.reply(m)
		}
	}
}

// end notes how the function ended, the first time.
func (g *guest) end(code int, how string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.how == "" {
		g.how, g.code = how, code
		close(g.ended)
	}
}

// OutOfMemory is how the sentence begins that tells of a function which used up its
// machine's memory.
const OutOfMemory = "killed for want of memory in its virtual machine"

// exitSentence is how a function ended, whose code init gives as shells do, and whether
// its kernel has killed for want of memory.
func exitSentence(code int, oom bool) string {
	if oom && code == 128+int(unix.SIGKILL) {
		return OutOfMemory
	}
	if code > 128 {
		if name := unix.SignalName(unix.Signal(code - 128)); name != "" {
			return "killed by " + name
		}
	}
	return fmt.Sprintf("exited with status %d", code)
}

func (g *guest) note(m wire.Message) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.oomKills = max(g.oomKills, m.OOMKills)
}

func (g *guest) reply(m wire.Message) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if to := g.waiting[m.ID]; to != nil {
		to <- m // has room for one
		delete(g.waiting, m.ID)
	}
}

// hangUp fails all that wait for a reply.
func (g *guest) hangUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, to := range g.waiting {
		close(to)
		delete(g.waiting, id)
	}
	g.encoder = nil
}

var errNoInit = errors.New("the guest's init does not listen")

// ask makes a request of init and waits for its reply.
func (g *guest) ask(ctx context.Context, m wire.Message) (wire.Message, error) {
	reply := make(chan wire.Message, 1)
	g.mu.Lock()
	encoder := g.encoder
	if encoder != nil {
		g.lastID++
		m.ID = g.lastID
		g.waiting[m.ID] = reply
	}
	g.mu.Unlock()
	if encoder == nil {
		return wire.Message{}, errNoInit
	}
	defer func() {
		g.mu.Lock()
		delete(g.waiting, m.ID)
		g.mu.Unlock()
	}()
	if err := encoder.Encode(m); err != nil {
		return wire.Message{}, err
	}
	select {
	case r, ok := <-reply:
		if !ok {
			return r, errNoInit
		}
		if r.Error != "" {
			return r, errors.New(r.Error)
		}
		return r, nil
	case <-ctx.Done():
		return wire.Message{}, ctx.Err()
	}
}

// release lets a guest whose function has ended switch off.
func (g *guest) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.control != nil {
		g.control.Close()
	}
}

// exit is how the function ended, and its code; ok is false while it has not.
func (g *guest) exit() (how string, code int, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.how, g.code, g.how != ""
}

func (g *guest) kills() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.oomKills
}

// socketPair is two joined stream sockets.
func socketPair() (a, b *net.UnixConn, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	if a, err = unixConn(fds[0]); err != nil {
		_ = unix.Close(fds[1])
		return nil, nil, err
	}
	if b, err = unixConn(fds[1]); err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, b, nil
}

func unixConn(fd int) (*net.UnixConn, error) {
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return c.(*net.UnixConn), nil
}
