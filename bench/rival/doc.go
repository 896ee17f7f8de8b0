// Package rival runs a function by means that people would use instead of torpor: as a plain process in a root of its
// own, as container engines do it, which CRIU saves and restores; and in gVisor, which checkpoints and restores itself.
//
// An instance is one function under one of them. It has a control group, so that its memory is counted as torpor's is.
// It is started by Cold, asked by Ask, put to sleep by Sleep and woken by Wake, in a legal order: that is the caller's
// care. Times are from the order to the first byte of the reply, and each reply is checked, by demo/client. Stop ends
// it in any state, and Close removes all that it had, mounts and network namespaces too. An instance belongs to one
// goroutine.
//
// The bench imports this package, nobody else. It needs root.
package rival
