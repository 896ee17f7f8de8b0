// Package virtio is the part of virtio 1.2 that all devices have: split queues in
// a guest's memory, and the registers of its MMIO transport, by which a driver
// finds, sets up and notifies a device.
//
// All that a driver writes is hostile. A queue checks each address, length and
// index before it is used, once, on a copy, as the driver can change what is in
// its memory at any time. What breaks the rules is an error that wraps
// [ErrViolation]; the transport then marks the device as broken and reports it,
// and nothing of that device is used again.
//
// A device runs in goroutines of its own, never on a processor's thread. Its
// methods are called one at a time.
package virtio
