package gateway

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
)

// noteVersion is of the form of notes and of the ledger's marks. Connections with
// another one are closed.
const noteVersion = 1

// note is what lies with a connection's descriptors.
type note struct {
	Version     int    `json:"version"`
	Function    string `json:"function"`
	Sandbox     string `json:"sandbox,omitempty"`
	Port        int    `json:"port"`
	WakeOnClose bool   `json:"wake_on_close,omitempty"`
	Slot        int    `json:"slot"`
}

// The order of descriptors. A connection that is held has the first one only.
const (
	clientFD   = 0
	upstreamFD = 1
	requestsFD = 2 // both ends of the pipe to the function
	repliesFD  = 4 // both ends of the pipe to the client
	allFDs     = 6
)

// Kept is a connection that a former process has left in a [Vault].
type Kept struct {
	Function string // whose client it is
	Sandbox  string // the Backend's name that it is established with; "" if it was held for any

	note    note
	fds     []int
	marks   marks
	vault   *Vault
	capsule *capsule
}

// open returns what is in a capsule, or nil.
func (v *Vault) open(c *capsule) (*Kept, error) {
	text, fds, err := c.look()
	if text == nil || err != nil {
		return nil, err
	}
	k := &Kept{fds: fds, vault: v, capsule: c}
	if err := k.read(text); err != nil {
		closeAll(fds)
		return nil, err
	}
	c.slot = k.note.Slot
	return k, nil
}

func (k *Kept) read(text []byte) error {
	if err := json.Unmarshal(text, &k.note); err != nil {
		return fmt.Errorf("read note: %w", err)
	}
	n := k.note
	switch {
	case n.Version != noteVersion:
		return fmt.Errorf("note is of version %d, want %d", n.Version, noteVersion)
	case n.Slot < 0 || n.Slot >= k.vault.ledger.slots():
		return fmt.Errorf("note is about slot %d of %d", n.Slot, k.vault.ledger.slots())
	case len(k.fds) != allFDs && len(k.fds) != 1:
		return fmt.Errorf("note came with %d descriptors", len(k.fds))
	}
	k.Function, k.Sandbox = n.Function, n.Sandbox
	k.marks = marks(k.vault.ledger.at(n.Slot).Load())
	return nil
}

func (k *Kept) slot() *atomic.Uint32 { return k.vault.ledger.at(k.capsule.slot) }

// conn makes a connection of it again, which nothing serves yet. It fails where
// descriptors cannot be had; the connection is closed then.
func (k *Kept) conn(r *Route) (*conn, error) {
	c := &conn{route: r, port: k.note.Port, wakeOnClose: k.note.WakeOnClose}
	fds := k.fds
	k.fds = nil
	if err := c.inherit(fds); err != nil {
		k.vault.give(k.capsule)
		return nil, err
	}
	c.custody.capsule, c.custody.whole = k.capsule, len(fds) == allFDs
	c.custody.entrusted.Store(true)
	return c, nil
}

// inherit takes over the descriptors of a former process.
func (c *conn) inherit(fds []int) (err error) {
	if c.client, err = inheritSocket(fds[clientFD], clientSide, clientKeepAlive()); err != nil {
		closeAll(fds[clientFD+1:])
		return fmt.Errorf("take over client's socket: %w", err)
	}
	if len(fds) == 1 {
		return nil
	}
	if c.upstream, err = inheritSocket(fds[upstreamFD], functionSide, net.KeepAliveConfig{Enable: false}); err != nil {
		_ = c.client.Close()
		closeAll(fds[upstreamFD+1:])
		return fmt.Errorf("take over function's socket: %w", err)
	}
	c.makeFlows()
	c.requesting.inherit(pipeOf(fds[requestsFD], fds[requestsFD+1]))
	c.replying.inherit(pipeOf(fds[repliesFD], fds[repliesFD+1]))
	return nil
}

// inheritSocket takes over fd, or closes it.
func inheritSocket(fd int, s side, keepAlive net.KeepAliveConfig) (socket, error) {
	f := os.NewFile(uintptr(fd), "")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return socket{}, err
	}
	stream, ok := conn.(Stream)
	if !ok {
		_ = conn.Close()
		return socket{}, fmt.Errorf("it is of %s", conn.LocalAddr().Network())
	}
	sock, err := newSocket(stream, s, keepAlive)
	if err != nil {
		_ = conn.Close()
	}
	return sock, err
}

// Close closes the connection cleanly and in the background, for a function that
// is no more: what it had sent is delivered.
func (k *Kept) Close() {
	r := NewRoute(k.Function, Limits{}, slog.New(slog.DiscardHandler), func() {})
	r.vault, r.final = k.vault, true
	r.Resume(k, nil)
}
