package virtio

import "errors"

// ErrViolation is the cause of errors about drivers that break the rules.
var ErrViolation = errors.New("virtio: rule broken")

// Features of any device.
const (
	FeatureIndirect = 1 << 28
	FeatureVersion1 = 1 << 32
)

// The types of device.
const (
	TypeBlock   = 2
	TypeConsole = 3
	TypeEntropy = 4
	TypeBalloon = 5
	TypeSocket  = 19
)

// Device is the part of a device that is its own. None of the methods but Config
// and SetConfig is called while another is.
type Device interface {
	// Type is one of the types of device.
	Type() uint32
	// Features are what it offers, but for those of any device.
	Features() uint64
	// Queues are the sizes of its queues, powers of two: what a driver may choose
	// at most.
	Queues() []int
	// Config reads from its configuration at offset; what it does not fill in
	// reads as zero. It must not wait.
	Config(offset uint64, data []byte)
	// SetConfig writes to its configuration. It must not wait.
	SetConfig(offset uint64, data []byte)
	// Start gives it its queues, one for each size; those that the driver does
	// not use are not [Queue.Ready].
	Start(queues []*Queue, features uint64)
	// Notified tells that there is something new in a queue. An error ends the
	// sandbox.
	Notified(queue int) error
	// Reset takes the queues away: they must not be used after it returned.
	Reset()
}

// Attached is a device that acts by itself too, not only when it is notified.
type Attached interface {
	// Attach gives it the transport it acts through, once, before anything else.
	Attach(Line)
}

// Line is what a device that acts by itself has of its transport.
type Line interface {
	// Do runs f as if the device had been notified: not while another of its
	// methods runs. An error ends the sandbox.
	Do(f func() error)
	// ConfigChanged tells the driver to look at the configuration.
	ConfigChanged()
}
