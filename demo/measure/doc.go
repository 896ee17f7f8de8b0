// Package measure measures what a function of examples/ costs: latencies as its clients see them, memory as its control
// group counts it. Every reply is checked on the way, by package client.
//
// One goroutine measures, one function after the other. The programs that show and measure a node import this
// package, nobody else.
package measure
