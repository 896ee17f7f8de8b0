// Package systemd is all that torpor says to systemd or hears from it: the
// sockets that it hands over and the notifications that it waits for. Without
// systemd everything here does nothing and succeeds.
//
// [JournalHandler] writes the daemon's log as entries of the journal, which folder
// catalog explains; [StreamHeader] introduces a function's output there.
//
// [Sockets] may be called once; [Notify] by anyone at any time.
package systemd
