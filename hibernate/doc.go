// Package hibernate makes the processes of one control group sleep on disk and
// wakes them: Deflate and Inflate. It knows nothing of what the processes are.
// Swap is the file that they sleep in: torpor's own, made, sized, watched and
// removed here.
//
// Concurrency: at most one Deflate or Inflate runs for a group at a time; for
// different groups they may run side by side. A first byte that arrives during
// Deflate cancels its context: the group runs again at once, and Deflate
// returns ErrTurnedRound some milliseconds later. One Swap, and one caller at
// a time, for a path.
//
// After a success of Deflate the group is frozen, in every other case it is
// not. Sizes are bytes. Errors name the operation and wrap their cause. When
// memory cannot be read (cgroup.ErrCannotSee) nothing is put to sleep.
//
// Whoever runs functions may import this; it imports cgroup only.
package hibernate
