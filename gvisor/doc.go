// Package gvisor runs functions in gVisor sandboxes and is the only package
// that imports gVisor.
//
// A sandbox is three kinds of processes: the Sentry (gVisor's kernel, with the
// application's memory in one memfd), its stubs, and a gofer that opens files
// for it. They run in a network namespace of their own that holds nothing but
// a loopback interface; the function binds its ports there (gVisor's
// --network=host, inside that namespace) and [Sandbox.Dial] reaches them. No
// address, route or veth exists, so there is no way out and nothing to clean up.
//
// A sandbox is started by a launcher, this same binary re-executed (see
// [RunChildRole]), which sits in the new network namespace, is moved into the
// sandbox's cgroup before it forks anything, and exits once the program runs.
// Sandboxes are therefore not children of the daemon and outlive it;
// [Runtime.Open] finds them again.
//
// [Sandbox.GiveBack] makes a sandbox as small as it can be made before its
// cgroup is frozen and reclaimed, not only its memory but what the kernel keeps
// for it: page tables and threads. The gofer does so by itself, once.
//
// Everything of a sandbox on disk is in one folder, DIR/ID. The package knows
// nothing of cgroups: callers give a hook that places the launcher, and kill
// what is left through the cgroup.
//
// All methods are safe for concurrent use.
package gvisor
