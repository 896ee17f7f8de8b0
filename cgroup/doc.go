// Package cgroup is one API over the kernel's control groups: v2, v1, and the
// hybrid in which v1 has the controllers and a bare v2 mount freezes and kills.
//
// A Hierarchy is what the machine has, found once by Detect; a Group is one
// path in all of its hierarchies. Both are values without state of their own:
// the kernel's files are the truth, read anew by each call. All methods may be
// called from many goroutines and processes; they do not serialise Freeze,
// Thaw, Kill and Reclaim against each other for one group, callers do.
//
// A group holds processes or children, never both, as v2 demands. Processes
// should be in their group before they fork.
//
// # Memory limits and swap
//
// A function must not escape its limit into swap. In v1 the limit is set on RAM
// and on RAM and swap together, so swap counts in full. In v2 the two are
// counted apart: the limit is on RAM, and swap is closed to the group except
// while Reclaim runs. It can then hold at most its limit in RAM and what the
// last Reclaim put into swap. Should a process die in the midst of Reclaim,
// swap stays open to that group until its next Reclaim; nothing is killed.
//
// # Units and errors
//
// Sizes are bytes. Errors name the operation and the group and wrap those of
// the kernel: fs.ErrNotExist when the group is gone, a context's error when
// that ended the call. ErrCannotSee and ErrInUse are for callers to branch on.
//
// The package needs root, or a delegated subtree. It imports nothing of ours
// but its own subpackage interrupt.
package cgroup
