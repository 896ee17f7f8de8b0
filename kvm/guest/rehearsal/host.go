package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"

	"torpor/kvm/wire"
)

// host is the monitor's part.
type host struct {
	control *os.File
	out     *wire.Encoder
	reports chan wire.Message
	replies chan wire.Message
	printed chan string // lines of the function
	id      uint64
}

func newHost() (*host, error) {
	h := &host{
		reports: make(chan wire.Message, 16), replies: make(chan wire.Message, 16),
		printed: make(chan string, 1000),
	}
	if err := listen(wire.ControlPort, h.listenControl); err != nil {
		return nil, err
	}
	if err := listen(wire.OutputPort, h.listenOutput); err != nil {
		return nil, err
	}
	return h, listen(wire.SharePort, serveShare)
}

func (h *host) listenControl(f *os.File) {
	h.control, h.out = f, wire.NewEncoder(f)
	defer f.Close()
	in := wire.NewDecoder(f)
	for {
		m, err := in.Decode()
		if err != nil {
			close(h.reports)
			return
		}
		if m.Op == wire.Reply {
			h.replies <- m
		} else {
			h.reports <- m
		}
	}
}

func (h *host) listenOutput(f *os.File) {
	defer f.Close()
	defer close(h.printed)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fmt.Println("output:", lines.Text())
		h.printed <- lines.Text()
	}
}

// hang is a guard only. The machine's clock leaps over whatever it waits for, so also for the host's disk.
const hang = 100 * time.Hour

func (h *host) report(op wire.Op) (wire.Message, error) {
	select {
	case m, ok := <-h.reports:
		if !ok {
			return m, fmt.Errorf("the control stream ended before %q", op)
		}
		if m.Op != op {
			return m, fmt.Errorf("init reports %+v, want %q", m, op)
		}
		return m, nil
	case <-time.After(hang):
		return wire.Message{}, fmt.Errorf("no %q came", op)
	}
}

func (h *host) ask(m wire.Message) (wire.Message, error) {
	h.id++
	m.ID = h.id
	if err := h.out.Encode(m); err != nil {
		return m, err
	}
	select {
	case r := <-h.replies:
		if r.ID != m.ID || r.Error != "" {
			return r, fmt.Errorf("the reply to %+v is %+v", m, r)
		}
		return r, nil
	case <-time.After(hang):
		return m, fmt.Errorf("no reply came to %q", m.Op)
	}
}

// line waits until the function has printed it.
func (h *host) line(text string) error {
	for {
		select {
		case got, ok := <-h.printed:
			if !ok {
				return fmt.Errorf("the output ended before %q", text)
			}
			if got == text {
				return nil
			}
		case <-time.After(hang):
			return fmt.Errorf("the function did not print %q", text)
		}
	}
}

// connect begins a connection to the function.
func connect(h wire.ProxyHeader) (*os.File, wire.Status, error) {
	f, err := dial(wire.ProxyPort)
	if err != nil {
		return nil, 0, err
	}
	head := h.Bytes()
	if _, err := f.Write(head[:]); err != nil {
		return nil, 0, err
	}
	var status [1]byte
	if _, err := io.ReadFull(f, status[:]); err != nil {
		return nil, 0, err
	}
	return f, wire.Status(status[0]), nil
}
