// Package reconcile decides what a node does next. [Plan] is a pure function of
// the time, what the HCL files declare, and what was observed; it has no clock,
// file, goroutine or system call, and keeps nothing between two calls.
//
// The caller carries out the actions it returns, whose outcomes are facts of the
// next observation, and calls it again: when one has ended, when something
// happened, and at the latest at [Decision.Next]. A restarted daemon therefore
// just looks and plans.
//
// The rules:
//
//   - A function that a client waits for is started or woken as soon as the
//     memory it is expected to need can be reserved, and not too many do so at
//     once: the one with the most clients first, but those whose clients have
//     waited too long before all others. Whoever has to wait for memory holds
//     back those behind it. One for which no waiting makes room is let in when
//     nothing else is up.
//   - A function idle for hibernate.after goes to sleep, unless so much was
//     written to swap in a day that the disk is to be spared.
//   - Over memory_budget, or when a waiting one needs room, one idle function at
//     a time goes to sleep: lowest priority first, then the one that frees most,
//     has been idle longest and wakes fastest. Relief goes on until memory is a
//     little below the budget, so that the node does not flap around it.
//   - Where swap has no room for any that could give way, the least valuable
//     sleeper is stopped, if that makes enough room.
//   - A busy function is never put to sleep, stopped or killed for memory; one
//     that is awake is never stopped for it.
//   - A function whose memory cannot be seen is not put to sleep.
//   - A failed function is tried again after its backoff. One with start = "boot"
//     starts with the daemon, and when its declaration changed.
//   - What people ask for on the command line comes first, and is refused with a
//     reason where it makes no sense.
//   - What is not declared any more is stopped; what is declared differently is
//     replaced, and serves until its successor is ready.
//
// Every action and every state carries a sentence for people. Sizes are bytes.
package reconcile
