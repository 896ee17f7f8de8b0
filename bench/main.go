package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"torpor/demo/show"
)

// limit is for everything but cleaning up.
const limit = 15 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Stdout))
}

// run gives the exit code.
func run(ctx context.Context, out io.Writer) int {
	timed, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
	defer cancel()
	if err := bench(timed, show.New(out)); err != nil {
		fmt.Fprintln(out, "\nbench: FAILED:", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	fmt.Fprintln(out, "\nbench: ok")
	return 0
}
