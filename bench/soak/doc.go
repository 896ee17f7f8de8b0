// Soak has hundreds of small functions sleep and wake under random traffic for as long as asked, on a node of its own
// that may keep a fraction of them awake, and checks every reply to the last byte: each function counts, and keeps
// memory that its clients know (see bench/soak/counter). Requests come on new connections, on ones that stay open while the
// function sleeps, several at once, slowly, in datagrams, and from clients that go without waiting; in between, functions
// are told to sleep, and to stop. The same seed has the same traffic.
//
// It tells latencies, what the daemon takes, and what is left once all functions are stopped. A wrong reply, an error
// in the daemon's log, and descriptors, memory, control groups, processes or swap that were not given back are its failure.
//
// With -scale it puts more and more functions to sleep instead, and tells how wakes and the daemon's cost grow.
//
// It writes out/soak.json and out/soak.md, or out/soak-scale.json and out/soak-scale.md, and the daemon's log, relative
// to the working directory, which has to be the repository's root. It leaves nothing running, whatever happens.
package main
