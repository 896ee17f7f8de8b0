// Bench measures torpor on this machine: the eight workloads of the paper "Hibernate Container" (bench/workloads), ten
// instances each, under torpor and under what people would use instead; what the functions of examples/ cost cold,
// warm, asleep and woken; what a request pays for going through the daemon; what the daemon itself takes, with a
// thousand functions declared and with fifty asleep; and what the kernel keeps for a sandbox that sleeps, by kind.
//
// It starts out/torpor on folders of its own, one node after the other, and ends and removes each whatever happens,
// Ctrl-C included; the same holds for the processes, sandboxes, mounts, groups and network namespaces of the rivals. It
// is one goroutine besides the daemon, so that figures which are compared are measured in turns, in one run. A rival
// that does not work on this machine is said to; torpor's own failure is the bench's.
//
// It writes out/bench.json, out/bench.md, two plots and the last daemon's log, out/bench.log, relative to the working
// directory, which has to be the repository's root. With -quick it measures only the workloads, few of each, and the
// rivals on one of them, and writes out/bench-quick.*; with -only NAME,… it measures some workloads, and writes
// out/bench-only.*; with -kept only what is kept asleep, in out/bench-kept.*. With -machines it measures one function in
// torpor's virtual machines, in gVisor and in QEMU's "microvm" with the same kernel and root, where there is KVM, and
// writes out/bench-vm.*: scripts/benchvm.sh runs it in a machine of its own.
package main
