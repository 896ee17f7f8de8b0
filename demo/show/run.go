package show

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Run is a program that shows something on the terminal: it does do until that ends, the time is over or
// somebody interrupts it, says in its last line how it went, and returns the exit code. limit is for
// everything but cleaning up.
func Run(name string, limit time.Duration, do func(context.Context, *Printer) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
	defer cancel()
	if err := do(ctx, New(os.Stdout)); err != nil {
		fmt.Printf("\n%s: FAILED: %s\n", name, strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	fmt.Printf("\n%s: ok\n", name)
	return 0
}
