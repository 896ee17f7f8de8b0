// Package acpi describes a machine to its kernel with the fewest tables that stock
// kernels accept: hardware-reduced ACPI, so that they look for no timer, clock or
// controller of a PC; its processors; and its virtio devices, by the ID LNRO0005
// that the virtio_mmio driver knows.
package acpi
