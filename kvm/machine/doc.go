// Package machine is a virtual machine as a whole: memory, processors, a kernel
// and devices, from power-on to its end.
package machine
