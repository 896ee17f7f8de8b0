// Package output keeps what functions print where it does not go to the journal,
// and tells it line by line.
//
// A function's stdout and stderr are one append-only file, DIR/NAME.log, that
// its sandbox opened (O_WRONLY|O_APPEND): output does not pass through the
// daemon, and goes on while the daemon is down. [Store.Run] reads the files as
// they grow, calls a function for each line and gives the disk space of old
// lines back. The package imports nothing of ours.
//
// # Lines
//
// Lines of one function are told in order, without their "\n" or "\r\n". A
// line of more than 16 KiB is told in pieces of at most that. A line without
// its end is held back until the end comes, a second has passed, or
// [Store.Flush]. Text is safe for terminals and logs: NULs are dropped, a byte
// that is not UTF-8 becomes U+FFFD, control characters other than tab and
// those that reorder or break lines are written as Go escapes (`\x1b`,
// `\u202e`), so text may be four times as long as what was printed.
//
// # Promises
//
// How far each file was told is kept in DIR/offsets.json, written within a
// second of a change and when Run returns. After a clean end the next Run goes
// on with the next line; after a kill -9 lines of the last second may be told
// twice; after a power cut, or when offsets.json is lost, everything kept may
// be. Nothing is skipped, with one exception: of a function that is more than
// 64 MiB ahead the oldest is skipped, down to 32 MiB, and the log says how
// much. Turns go round: no function waits for more than 64 KiB of each other.
//
// # Disk
//
// Told output beyond the bytes to keep is given back by punching holes into
// the file, in steps of 64 KiB. Files are never cut, so a writer's position
// stays right and nothing is lost in a race: the apparent size grows, the disk
// use does not. Where the file system has no holes the log says so, once, and
// a file is instead emptied when it is four times the size to keep and all of
// it is told; a line written in that very instant may be lost. Nothing bounds
// a file while no Run is running.
//
// # Use
//
// All methods are safe for concurrent use, with one Run at a time. Names are
// file names without a folder part. Sizes are bytes.
package output
