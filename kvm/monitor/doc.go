// Package monitor is the process that a virtual machine lives in: one a sandbox,
// without privileges, files or a network.
//
// It is handed all it has by the daemon, over a socket, in a [Request]. It answers once
// when the function was started, and from then on lives by itself: streams to the function
// come in at one Unix socket, [Command]s at another, and how the function ended is
// left in a file. The machine ends with the process, and the process with the machine.
package monitor
