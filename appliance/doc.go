// Package appliance is the daemon: it joins what the other packages do into a
// node that is as its HCL files say.
//
// # One loop
//
// All state of the node belongs to one goroutine, [daemon.loop]. It waits for
// something to happen, observes, asks package reconcile what to do, begins that,
// and waits again. What takes time (starting, deflating, waking, stopping) runs
// in goroutines of its own that own nothing but the sandbox they work on; their
// outcome is posted to the loop as a function that runs there. Everybody else
// (the gateway, the watcher of files, the admin API) only nudges or posts.
//
// # What outlives the daemon
//
// Sandboxes do: their processes belong to no daemon, their cgroups tell whether
// they sleep, and one small record a function (see record) tells the rest. A
// daemon that starts finds them and goes on; see adopt. Under systemd, listening
// sockets and clients' connections do too; see succession.go and bind.go.
//
// # Stop order
//
// Listeners are closed, requests in flight and connections held are served, all
// within a deadline; then the loop ends, what it had begun is broken off or
// completed, records are written, the API is closed last.
package appliance
