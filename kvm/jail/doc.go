// Package jail takes from a process what a sandbox's monitor does not need: the
// file system, privileges, and all system calls but a few. What a guest could make
// of a fault in the monitor is then little more than what it has anyway.
//
// Its steps are one-way, and for the whole process with all its threads. They are taken
// in this order: [Enter], which leaves it the descriptors that it has; [Drop];
// [Filter].
package jail
