// Package node runs a daemon in folders of its own, as a child process, and talks to it over its admin socket.
//
// Whatever happens to it, [Node.End] ends the daemon, has its sandboxes and swap file torn down, and fails if anything of
// them is left. The working directory has to be the repository's root, and [Binary] has to be built. A Node belongs to
// one goroutine. The programs that show and measure a node import this package, nobody else.
package node
