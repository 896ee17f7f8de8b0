// Package acceptance tries torpor as its users have it: installed, under systemd, on a machine of its own.
//
// Its tests change that machine, so they run only in a guest: `make nspawn` is a container on this kernel, ready in a
// second; `make testvm` is a virtual machine with Debian's kernel, control groups of version 2 and a KVM. RUN=REGEX
// picks tests. scripts/suite.sh compiles them and says what a guest finds in /suite, where they run.
//
// TestMain installs torpor, from its package if there is one, and purges it when the tests are over. What is then
// there that was not before (swap, mounts, control groups, processes, network namespaces) fails the suite: a test
// may leave a node running, but not one that a purge does not end.
//
// Files that outlive a purge, or hold swap, belong below [os.TempDir], which is on a disk here, or /var/lib.
package acceptance
