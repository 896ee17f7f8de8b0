// Demo runs torpor's main job from start to end on examples/, and says what it sees.
//
// It starts out/torpor on a folder of its own, asks every function for its first reply, shows who the
// memory budget puts to sleep and why, wakes them all, and then measures each. Every reply is checked:
// a function that forgets, repeats or loses something fails the demo. So does one that keeps more than
// 10 % of its warm memory asleep, or wakes slower than a quarter of its cold start.
//
// It is one goroutine besides the daemon, a child process, and talks to it over its admin socket
// only. Whatever happens, Ctrl-C included, the daemon is ended, its sandboxes and swap are torn down, and
// the demo fails if anything of them is left. It writes out/demo.json and out/demo.log, relative to the
// working directory, which has to be the repository's root.
package main
