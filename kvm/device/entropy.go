package device

import (
	"golang.org/x/sys/unix"

	"torpor/kvm/virtio"
)

// Entropy fills what the guest asks for with random bytes of the host.
type Entropy struct{ queue *virtio.Queue }

// NewEntropy makes one.
func NewEntropy() *Entropy { return &Entropy{} }

// maxEntropy is how many bytes one request gets, more than a driver asks for.
const maxEntropy = 4096

func (e *Entropy) Type() uint32                      { return virtio.TypeEntropy }
func (e *Entropy) Features() uint64                  { return 0 }
func (e *Entropy) Queues() []int                     { return []int{16} }
func (e *Entropy) Config(uint64, []byte)             {}
func (e *Entropy) SetConfig(uint64, []byte)          {}
func (e *Entropy) Start(q []*virtio.Queue, _ uint64) { e.queue = q[0] }
func (e *Entropy) Reset()                            { e.queue = nil }

func (e *Entropy) Notified(int) error {
	for {
		request, ok, err := e.queue.Pop()
		if err != nil {
			return err
		}
		if !ok {
			e.queue.Interrupt()
			return nil
		}
		written := 0
		for _, b := range virtio.First(request.Writable, maxEntropy) {
			n, err := unix.Getrandom(b, 0)
			if err != nil {
				break
			}
			written += n
		}
		e.queue.Push(request, uint32(written))
	}
}
