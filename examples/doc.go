// Package examples holds one node: node.hcl and one folder for each function, with its HCL and its
// program. `make setup` makes what the programs need; `make demo` runs them all. In udp is another node,
// with a function that takes datagrams.
//
// The package has tests only. They run each server as it is, without torpor.
package examples
