package virtio

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"torpor/kvm/memory"
	"torpor/kvm/vm"
)

// RegistersSize is how much room the registers of a device take.
const RegistersSize = 0x1000

// The registers, chapter 4.2.2.
const (
	regMagic          = 0x000
	regVersion        = 0x004
	regDeviceID       = 0x008
	regVendorID       = 0x00c
	regFeatures       = 0x010
	regFeaturesSel    = 0x014
	regDriver         = 0x020
	regDriverSel      = 0x024
	regQueueSel       = 0x030
	regQueueNumMax    = 0x034
	regQueueNum       = 0x038
	regQueueReady     = 0x044
	QueueNotify       = 0x050 // the index of a queue is written there
	regInterrupt      = 0x060
	regInterruptAck   = 0x064
	regStatus         = 0x070
	regQueueTable     = 0x080
	regQueueAvail     = 0x090
	regQueueUsed      = 0x0a0
	regConfigVersion  = 0x0fc
	regConfig         = 0x100
	magicValue        = 0x74726976 // "virt"
	transportVersion  = 2
	vendor            = 0x52505254 // "TRPR"
	interruptQueue    = 1 << 0
	interruptConfig   = 1 << 1
	statusFeaturesOK  = 1 << 3
	statusDriverOK    = 1 << 2
	statusNeedsReset  = 1 << 6
	statusBits        = 0xcf
	highHalf, lowHalf = 4, 0
)

// Transport is a device's registers and its connections to the machine.
type Transport struct {
	device   Device
	violated func(error)

	interrupt *vm.Event
	notify    []*vm.Event
	pending   atomic.Uint32 // the interrupt status
	version   atomic.Uint32 // of the configuration

	// work is held while a method of the device runs.
	work   sync.Mutex
	queues []*Queue
	active bool

	// registers is held for an access to those below. It is taken before work.
	registers   sync.Mutex
	status      atomic.Uint32
	featuresSel uint32
	driverSel   uint32
	driver      uint64
	queueSel    uint32
	layouts     []layout
	ready       []bool
}

// NewTransport makes the registers of a device. violated is called, at most once,
// when its driver broke the rules.
func NewTransport(d Device, mem *memory.Memory, violated func(error)) (*Transport, error) {
	var once sync.Once
	t := &Transport{device: d}
	t.violated = func(err error) { once.Do(func() { violated(err) }) }
	var err error
	if t.interrupt, err = vm.NewEvent(); err != nil {
		return nil, err
	}
	for range d.Queues() {
		e, err := vm.NewEvent()
		if err != nil {
			t.Close()
			return nil, err
		}
		t.notify = append(t.notify, e)
		t.queues = append(t.queues, &Queue{mem: mem, interrupt: func() { t.raise(interruptQueue) }})
	}
	t.layouts = make([]layout, len(t.queues))
	t.ready = make([]bool, len(t.queues))
	if a, ok := d.(Attached); ok {
		a.Attach(t)
	}
	return t, nil
}

// Interrupt is the event that interrupts the guest.
func (t *Transport) Interrupt() *vm.Event { return t.interrupt }

// Notifications are the events by which the guest notifies each queue.
func (t *Transport) Notifications() []*vm.Event { return t.notify }

func (t *Transport) features() uint64 {
	return t.device.Features() | FeatureVersion1 | FeatureIndirect
}

func (t *Transport) raise(why uint32) {
	t.pending.Or(why)
	t.interrupt.Signal()
}

// Serve runs the device until Stop.
func (t *Transport) Serve() {
	var queues sync.WaitGroup
	for i, e := range t.notify {
		queues.Go(func() {
			for e.Wait() == nil {
				t.Do(func() error { return t.device.Notified(i) })
			}
		})
	}
	queues.Wait()
}

// Stop ends Serve. The device is reset.
func (t *Transport) Stop() {
	for _, e := range t.notify {
		e.Close()
	}
	t.reset()
}

// Close gives back what it has.
func (t *Transport) Close() {
	for _, e := range t.notify {
		e.Close()
	}
	t.interrupt.Close()
}

// Do is [Line.Do].
func (t *Transport) Do(f func() error) {
	t.work.Lock()
	defer t.work.Unlock()
	if !t.active {
		return
	}
	if err := f(); err != nil {
		t.stopActive()
		t.broken(err)
	}
}

// ConfigChanged is [Line.ConfigChanged].
func (t *Transport) ConfigChanged() {
	t.version.Add(1)
	t.raise(interruptConfig)
}

// broken marks the device as broken and reports it.
func (t *Transport) broken(err error) {
	t.status.Or(statusNeedsReset)
	t.violated(fmt.Errorf("%s: %w", typeNames[t.device.Type()], err))
}

var typeNames = map[uint32]string{
	TypeBlock: "block device", TypeConsole: "console", TypeEntropy: "entropy device",
	TypeBalloon: "balloon", TypeSocket: "socket device",
}

// Read is the guest's reading of registers at offset.
func (t *Transport) Read(offset uint64, data []byte) {
	clear(data)
	if offset >= regConfig {
		t.device.Config(offset-regConfig, data)
		return
	}
	if len(data) != 4 || offset%4 != 0 {
		return
	}
	t.registers.Lock()
	defer t.registers.Unlock()
	binary.LittleEndian.PutUint32(data, t.read(offset))
}

func (t *Transport) read(offset uint64) uint32 {
	switch offset {
	case regMagic:
		return magicValue
	case regVersion:
		return transportVersion
	case regDeviceID:
		return t.device.Type()
	case regVendorID:
		return vendor
	case regFeatures:
		return half(t.features(), t.featuresSel)
	case regQueueNumMax:
		if t.selected() {
			return uint32(t.device.Queues()[t.queueSel])
		}
	case regQueueReady:
		if t.selected() && t.ready[t.queueSel] {
			return 1
		}
	case regInterrupt:
		return t.pending.Load()
	case regStatus:
		return t.status.Load()
	case regConfigVersion:
		return t.version.Load()
	}
	return 0
}

func half(v uint64, which uint32) uint32 {
	if which > 1 {
		return 0
	}
	return uint32(v >> (32 * which))
}

func (t *Transport) selected() bool { return int64(t.queueSel) < int64(len(t.queues)) }

// Write is the guest's writing to registers at offset.
func (t *Transport) Write(offset uint64, data []byte) {
	if offset >= regConfig {
		t.device.SetConfig(offset-regConfig, data)
		return
	}
	if len(data) != 4 || offset%4 != 0 {
		return
	}
	t.registers.Lock()
	defer t.registers.Unlock()
	t.write(offset, binary.LittleEndian.Uint32(data))
}

func (t *Transport) write(offset uint64, v uint32) {
	switch offset {
	case regFeaturesSel:
		t.featuresSel = v
	case regDriver:
		if t.driverSel <= 1 && t.status.Load()&statusFeaturesOK == 0 {
			t.driver = t.driver&^(0xffffffff<<(32*t.driverSel)) | uint64(v)<<(32*t.driverSel)
		}
	case regDriverSel:
		t.driverSel = v
	case regQueueSel:
		t.queueSel = v
	case regInterruptAck:
		t.pending.And(^v)
	case regStatus:
		t.setStatus(v)
	case QueueNotify: // one that the kernel did not take: there is no such queue
	default:
		t.writeQueue(offset, v)
	}
}

// writeQueue says where the selected queue is, which is fixed once it is ready.
func (t *Transport) writeQueue(offset uint64, v uint32) {
	if !t.selected() || t.status.Load()&statusDriverOK != 0 {
		return
	}
	l := &t.layouts[t.queueSel]
	if offset == regQueueReady {
		t.ready[t.queueSel] = v == 1
		return
	}
	if t.ready[t.queueSel] {
		return
	}
	switch offset {
	case regQueueNum:
		l.size = v
	case regQueueTable + lowHalf, regQueueTable + highHalf:
		setHalf(&l.table, offset, v)
	case regQueueAvail + lowHalf, regQueueAvail + highHalf:
		setHalf(&l.avail, offset, v)
	case regQueueUsed + lowHalf, regQueueUsed + highHalf:
		setHalf(&l.used, offset, v)
	}
}

func setHalf(address *uint64, offset uint64, v uint32) {
	shift := 8 * (offset & 4)
	*address = *address&^(0xffffffff<<shift) | uint64(v)<<shift
}

func (t *Transport) setStatus(v uint32) {
	if v == 0 {
		t.resetRegisters()
		return
	}
	old := t.status.Load()
	v &= statusBits &^ statusNeedsReset
	if v&statusFeaturesOK != 0 && old&statusFeaturesOK == 0 && !t.featuresFit() {
		v &^= statusFeaturesOK
	}
	v |= old & statusNeedsReset
	t.status.Store(v)
	if v&statusDriverOK != 0 && old&(statusDriverOK|statusNeedsReset) == 0 {
		t.start()
	}
}

// featuresFit tells whether the driver took no feature that was not offered, and
// the one that all this is written for.
func (t *Transport) featuresFit() bool {
	return t.driver&^t.features() == 0 && t.driver&FeatureVersion1 != 0
}

// start has the device begin, with the queues that the driver set up.
func (t *Transport) start() {
	t.work.Lock()
	defer t.work.Unlock()
	if t.status.Load()&statusFeaturesOK == 0 {
		t.broken(fmt.Errorf("%w: driver is ready before it agreed on features", ErrViolation))
		return
	}
	for i, q := range t.queues {
		if !t.ready[i] {
			continue
		}
		if err := q.set(t.layouts[i], t.device.Queues()[i], t.driver&FeatureIndirect != 0); err != nil {
			t.broken(fmt.Errorf("queue %d: %w", i, err))
			return
		}
	}
	t.active = true
	t.device.Start(t.queues, t.driver)
	for _, e := range t.notify {
		e.Signal() // for what was put there before
	}
}

func (t *Transport) resetRegisters() {
	t.reset()
	t.status.Store(0)
	t.pending.Store(0)
	t.driver, t.featuresSel, t.driverSel, t.queueSel = 0, 0, 0, 0
	clear(t.layouts)
	clear(t.ready)
}

func (t *Transport) reset() {
	t.work.Lock()
	defer t.work.Unlock()
	t.stopActive()
}

// stopActive takes the queues from the device. The caller holds work.
func (t *Transport) stopActive() {
	if t.active {
		t.active = false
		t.device.Reset()
	}
	for _, q := range t.queues {
		q.unset()
	}
}
