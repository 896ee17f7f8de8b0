// Bench measures torpor on this machine: what the functions of examples/ cost cold, warm, asleep and woken; what a request
// pays for going through the daemon; and what the daemon itself takes, with a thousand functions declared and with
// fifty asleep.
//
// It starts out/torpor on folders of its own, one node after the other, on loopback only, and ends and removes each
// whatever happens, Ctrl-C included. It is one goroutine besides the daemon, so that figures which are compared
// are measured in turns, in one run. It writes out/bench.json, out/bench.md and the daemon's log, out/bench.log,
// relative to the working directory, which has to be the repository's root.
package main
