package device

import (
	"io"

	"torpor/kvm/virtio"
)

// Console takes what the guest writes, and has nothing for it to read.
type Console struct {
	to     io.Writer
	queues []*virtio.Queue
}

// NewConsole makes a console that writes to to, whose errors are ignored: a guest
// goes on without its record.
func NewConsole(to io.Writer) *Console { return &Console{to: to} }

const consoleOutput = 1 // of two queues; the other is for input

func (c *Console) Type() uint32                      { return virtio.TypeConsole }
func (c *Console) Features() uint64                  { return 0 }
func (c *Console) Queues() []int                     { return []int{16, 64} }
func (c *Console) Config(uint64, []byte)             {}
func (c *Console) SetConfig(uint64, []byte)          {}
func (c *Console) Start(q []*virtio.Queue, _ uint64) { c.queues = q }
func (c *Console) Reset()                            { c.queues = nil }

func (c *Console) Notified(queue int) error {
	if queue != consoleOutput {
		return nil
	}
	q := c.queues[consoleOutput]
	for {
		request, ok, err := q.Pop()
		if err != nil {
			return err
		}
		if !ok {
			q.Interrupt()
			return nil
		}
		for _, b := range request.Readable {
			_, _ = c.to.Write(b)
		}
		q.Push(request, 0)
	}
}
