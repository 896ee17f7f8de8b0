package wire

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Op says what a Message is.
type Op string

// What the host asks for. Each is answered with a Reply.
const (
	// GiveBack makes the guest drop its caches and put what is free together, so
	// that it can be reported. Its reply says how much is free, and comes before free
	// page reporting has told the host about it: that takes the guest's kernel
	// about two seconds more, in which it has to run. It is not OK where nothing was
	// done, as as much is free as the last time.
	GiveBack Op = "give-back"
	// Terminate sends SIGTERM to the function.
	Terminate Op = "terminate"
	// SetClock sets the wall clock to Message.UnixNanos. It is for after a sleep: the
	// monotonic clock is the hypervisor's and runs on by itself.
	SetClock Op = "set-clock"
	// Listening asks whether something listens on Message.Port of Message.Network.
	Listening Op = "listening"
)

// What init reports by itself.
const (
	// Started says that the function runs, and in Message.Boot how it came to that.
	Started Op = "started"
	// Exited says how it ended: in Message.Code, or, if that is over 128, by the signal
	// Code-128. All it printed was sent to the output port before. The guest powers
	// off when the host has closed the control stream, or a moment later.
	Exited Op = "exited"
	// Fatal says, in Message.Error, why the function cannot run, or cannot go on.
	// The guest powers off like after Exited.
	Fatal Op = "fatal"
	// Reply answers the request with the same ID. An Error says that it failed.
	Reply Op = "reply"
)

// Networks of a Listening request.
const (
	TCP = "tcp"
	UDP = "udp"
)

// Message is one line of the control stream. Fields that an Op does not mention
// are zero.
type Message struct {
	Op        Op     `json:"op"`
	ID        uint64 `json:"id,omitempty"`
	Network   string `json:"network,omitempty"`
	Port      uint16 `json:"port,omitempty"`
	UnixNanos int64  `json:"unix_nanos,omitempty"`
	Code      int    `json:"code,omitempty"`
	// OOMKills counts what the guest's kernel has killed so far for want of memory;
	// in Exited and replies to GiveBack.
	OOMKills  uint64 `json:"oom_kills,omitempty"`
	FreeBytes uint64 `json:"free_bytes,omitempty"` // reply to GiveBack
	OK        bool   `json:"ok,omitempty"`         // replies to Listening and GiveBack
	Error     string `json:"error,omitempty"`
	Boot      *Boot  `json:"boot,omitempty"` // in Started
}

// Boot is when init got where, in nanoseconds of the guest's monotonic clock.
type Boot struct {
	Init    int64 `json:"init"`    // it ran
	Modules int64 `json:"modules"` // they were loaded
	Root    int64 `json:"root"`    // that was mounted, with all that is in it
	Started int64 `json:"started"` // the function was
}

// MaxMessage is how long a line may be, its end included.
const MaxMessage = 16 << 10

// maxError is how much of an Error is sent: even if each of its bytes needs six, it
// fits in a line.
const maxError = 2 << 10

// Encoder writes messages. It may be used by any number of goroutines.
type Encoder struct {
	mu sync.Mutex
	w  io.Writer
}

// NewEncoder returns an Encoder that does one Write a message.
func NewEncoder(w io.Writer) *Encoder { return &Encoder{w: w} }

// Encode writes m.
func (e *Encoder) Encode(m Message) error {
	m.Error = m.Error[:min(len(m.Error), maxError)]
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("wire: encoding a %q message: %w", m.Op, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := e.w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("wire: sending a %q message: %w", m.Op, err)
	}
	return nil
}

// Decoder reads messages, for one goroutine.
type Decoder struct {
	r *bufio.Reader
}

// NewDecoder returns a Decoder that may read further than it has decoded.
func NewDecoder(r io.Reader) *Decoder { return &Decoder{r: bufio.NewReaderSize(r, MaxMessage)} }

// ErrBroken says that the other side sent what is no message; nothing after it can be
// understood.
var ErrBroken = errors.New("wire: the control stream is broken")

// Decode reads the next message. At the end of the stream it returns io.EOF.
func (d *Decoder) Decode() (Message, error) {
	var m Message
	line, err := d.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return m, fmt.Errorf("%w: a line is longer than %d bytes", ErrBroken, MaxMessage)
	case errors.Is(err, io.EOF) && len(line) > 0:
		return m, io.ErrUnexpectedEOF
	case err != nil:
		return m, err
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return m, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return m, nil
}
