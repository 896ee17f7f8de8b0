// Package kvm runs functions in virtual machines, by a monitor of its own on /dev/kvm.
//
// A sandbox is one process: the monitor (see package monitor), with the guest's memory
// in one memfd. The daemon starts it by executing this binary again (see
// [RunChildRole]), has it placed in the sandbox's cgroup, and hands it what it needs. It
// outlives the daemon; [Runtime.Open] finds it again.
//
// Everything of a sandbox on disk is in one folder, DIR/ID:
//
//	record.json   which process it is
//	streams.sock  streams to the function, see [Sandbox.Dial]
//	commands.sock what the daemon wants of the monitor
//	console.log   what the guest's kernel and the monitor said, bounded
//	exit.json     how it ended
//
// The package knows nothing of cgroups: callers give a hook that places the process, and
// kill what is left through the cgroup.
//
// All methods are safe for concurrent use.
package kvm
