// Package cli is the command line: it reads arguments, asks the daemon through
// api or calls what Deps gives, and prints for people or, with --json, for
// machines.
//
// Main is all of it. It neither exits nor catches signals: its caller does, and
// ends the context. What a command has to say goes to stdout; what went wrong
// goes to stderr, a sentence a line. Colours and widths follow the terminal that
// stdout or stderr is, NO_COLOR is heeded, and anything but a terminal gets
// plain text.
//
// The package imports api, doctor and spec; main imports it.
package cli
