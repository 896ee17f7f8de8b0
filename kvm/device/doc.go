// Package device has the virtio devices of a sandbox: disks, sockets, memory balloon,
// entropy and console. What a driver asks for is checked here as hostile input;
// queues have checked that it lies in the guest's memory.
package device
