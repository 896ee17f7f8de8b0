// Package client asks the functions of examples/ and checks every reply: one that shows that a request was lost,
// done twice or forgotten is an error. Times are to the first byte of a reply.
//
// A [Client] belongs to one goroutine. Its requests end with their context, whose cause they then return. The
// programs that show and measure a node import this package, nobody else.
package client
