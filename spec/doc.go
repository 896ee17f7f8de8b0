// Package spec reads a node's HCL files into plain Go values.
//
// [Load] takes folders and files and gives one [Config], the mistakes it found, and the [Sources] to
// show them with. Every mistake of every file is a diagnostic of one run: it says where, what is wrong,
// and what to write instead. A mistake is reported once; what only follows from it is not.
//
// A Config is complete or not there: when the diagnostics have errors, only Config.Dirs, the folders to
// watch for the next save, is filled. All values in it are checked and final: defaults are set, paths are
// absolute, nothing is left to expand. Sizes are [Bytes], times are time.Duration.
//
// What can be seen on disk is checked too (rootfs, program, mounts, image path), as it was at the time of
// the call.
//
// Values keep the source ranges that later errors need. [Config.Equal], [Config.Hash] and
// [Function.Fingerprint] leave them out, so that an edited comment is no change.
//
// The package keeps no state: its functions may be called at the same time, and their results belong to
// the caller. It imports nothing of torpor; any package may import it.
package spec
