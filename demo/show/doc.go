// Package show writes for people at a terminal: parts with titles, lines and sentences, all within [Columns]. It
// does not say when writing fails. A Printer belongs to one goroutine.
package show
