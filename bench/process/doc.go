// Package process measures what processes take of the machine, from /proc: memory, processor time, descriptors, what they
// write. It keeps no state, and may be called by anybody who may read those files, which for others' processes is
// root. A process that ends meanwhile is an error of a file that does not exist. The programs of bench/ import this
// package, nobody else.
package process
