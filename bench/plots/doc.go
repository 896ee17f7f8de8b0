// Package plots draws the bench's figures as PNG files that a person reads at a glance. It keeps no state. Labels are
// drawn in the order given, from the top down. The bench imports this package, nobody else.
package plots
