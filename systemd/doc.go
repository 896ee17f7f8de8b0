// Package systemd is all that torpor says to systemd or hears from it: the
// sockets that it hands over and the notifications that it waits for. Without
// systemd everything here does nothing and succeeds.
//
// [Sockets] may be called once; [Notify] by anyone at any time.
package systemd
