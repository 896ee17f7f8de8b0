// Package machine is a virtual machine as a whole: memory, processors, a kernel and
// devices, from power-on to its end.
//
// Devices are virtio over MMIO, described by ACPI, and not over PCI: it is a page of
// registers for each, where PCI would be a bus, a bridge, configuration space and windows that
// guests move about, all of it code that a guest talks to; and it boots faster, as there is
// no bus to look through. Distributions' kernels have the driver, and find it by its ACPI ID.
// An interrupt is edge-triggered, raised by an event descriptor, so that no exit to this
// process is needed for it; a notification is another. What does exit is a driver's set-up
// and its acknowledgement of interrupts.
//
// The kernel is told that it is on hardware-reduced ACPI: it looks for no PIT, PIC, RTC or
// keyboard. Its clock is kvmclock, its timer the TSC deadline of the LAPIC.
package machine
