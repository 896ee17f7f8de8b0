// Package gateway owns the clients' connections and datagrams of functions that
// sleep. Clients come over TCP, UDP and Unix sockets; functions are reached over
// TCP and UDP.
//
// A [Route] is one function as its clients see it: it accepts connections,
// holds them while there is nowhere to send them, and forwards them. A
// [Backend] is one sandbox of that function: how to reach it, and the gate in
// front of it. While the gate is open, bytes pass. While it is shut, the
// sandbox may be frozen: a new connection, or the next byte on an old one,
// waits at the gate and the owner is nudged to wake the function and call
// [Backend.Open]. Connections to a frozen sandbox stay as they are, so neither
// side sees that the function slept.
//
// # Busy and idle
//
// A connection is in flight from the moment a client's bytes pass the gate
// until the function's next byte, while a dial is under way, and while bytes
// wait in the gateway for a reader that is slow. After the function's last
// byte, and after a dial, it stays in flight for [Settle], so that a reply in
// several pieces is not taken for a finished one. A function that pauses for
// longer than that in the middle of a reply looks idle: owners should let some
// idle time pass (see BackendStats.LastActive) before they call TryShut.
// An exchange without a byte in either direction for Limits.BusyLimit no longer
// counts; it does again from its next byte on.
//
// The gate is checked under the lock under which it is shut: either TryShut
// sees the exchange and refuses, or the byte stays at the gate. It waits in the
// client's socket, so a held byte costs no memory here.
//
// # Closing
//
// Half-close is kept in both directions, a reset is passed on. A client that
// closes an idle connection while the gate is shut does not wake the function
// unless its listener says so. Where the gateway itself closes a client, it does
// so cleanly: what the function had sent is delivered, then FIN, and what the
// client still sends is read away for a bounded time so that it is not answered
// with a reset. A connection on which nothing was forwarded when its backend is
// closed goes to the next backend, if there is one or the client has sent bytes.
//
// A Unix socket knows no reset that could be passed on: its client reads to the end
// of what the function had sent.
//
// # Datagrams
//
// Each peer of a datagram socket has a session: a socket of its own into the
// sandbox, so that the function can tell peers apart and its replies find the right
// one. A session ends after its timeout without a datagram either way, when its
// backend is closed, or as the one that was silent for longest where there are too
// many. The peer's next datagram begins another one, with the Route's present
// backend. A session counts as a connection.
//
// A datagram need not be answered: a session is in flight while one is being sent
// to the function, and for [Lull] after its last one either way. The gate is the
// same as for connections. Datagrams that are held there, or for want of a backend,
// are copied: 64 of a peer and 4096 of a Route at most, of 256 KiB and 4 MiB. More
// are dropped, as are those that were held for longer than Limits.Hold;
// RouteStats.Dropped counts them. While anything is held at a socket, all that
// comes is put behind it, so that those of one peer stay in order. What was held is
// forwarded as fast as the function reads, so that its socket does not overflow
// while it is still waking up.
//
// # Outliving the process
//
// A [Vault] keeps connections in kernel objects that somebody else holds too, such
// as systemd's file descriptor store, so that they go on when the daemon is
// restarted, upgraded or killed: the client sees a pause, and each byte arrives
// once. What is in there:
//
//   - a client that is held, from the moment it is;
//   - an established connection that has lived for a tenth of a second: both
//     sockets, and for each direction a pipe of its own. splice moves bytes from
//     socket to pipe to socket, so they are in one of the three at any time. One
//     that was held before is there from its first byte on. Short exchanges never
//     are, and pay nothing;
//   - everything else, once Route.HandOver is called.
//
// Each lies in a capsule, a datagram socket connected to itself: a message that
// carries the descriptors waits in its own queue. Putting it there or taking it
// out is one system call, done or not done, and asks nobody. The other holder only
// ever sees capsules, under one short name, a step of them at a time. What no
// kernel object tells, such as who spoke last, is in the ledger: memory in a file
// that is held elsewhere too, written whenever it changes. So a crash leaves the
// next process as much as an orderly restart does, and there is no file to read.
//
// The order of things. At first:
//
//	vault, kept, err := OpenVault(ctx, store, stored, connections, log)
//	route.SetVault(vault)                  // each Route, before Serve
//	backend.SetName(sandbox)               // each Backend, before Use
//	route.Use(backend)                     // where its sandbox is adopted
//	route.Resume(k, backend) or k.Close()  // each of kept, by k.Function and k.Sandbox
//	backend.Open()                         // if the sandbox is awake
//
// At last, instead of Close, on all Routes side by side:
//
//	route.HandOver(ctx)
//
// and the process ends. Listening sockets are their owner's to keep: HandOver
// closes a descriptor, and never shuts a socket down.
//
// Until a Backend's gate was opened for the first time, a shut gate does not mean
// that nothing is in flight: an exchange that was cut waits there, the client's FIN
// included. Open it before anything is concluded from TryShut.
//
// Sessions of datagrams are not kept. Connections beyond what the Vault takes are
// served as well, and end with the process; VaultStats counts them. So do, where
// the process is killed, those that were never held and are younger than a tenth of
// a second.
//
// # Concurrency
//
// All methods may be called from any goroutine. Route.mu, Backend.mu and
// receiver.mu are never held together, and none during a callback, a log line or a
// blocking call. A nudge must not block; it says "look again" and nothing more, and
// it may come when nothing is left to see. What the vault has of a connection is
// guarded by a lock of its own, under which Backend.mu may be taken. Each
// established connection has two goroutines, one a direction. A datagram socket has
// one, another one while anything is held there, and one for each session.
// Everything ends after Route.Close or HandOver.
//
// Linux only. It imports nothing of torpor; only the appliance imports it.
package gateway
