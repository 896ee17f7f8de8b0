// Package vm speaks to /dev/kvm: systems, virtual machines, vCPUs, and the event
// descriptors that join them to devices. It is x86-64 only, knows nothing of
// what runs in a machine, and is the only place that makes KVM's ioctls.
//
// A VM and its vCPUs belong to the process that made them: the kernel refuses
// their ioctls from any other. Each vCPU is run by one thread.
package vm
