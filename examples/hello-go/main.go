// Hello-go says hello, and how often it has done so since it started. It keeps STATE_MIB MiB of random
// bytes in memory, of which each reply reads one page; GET /check reads them all.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const maxStateMiB = 1 << 10

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatalf("hello-go: %v", err)
	}
}

func run(ctx context.Context) error {
	mib, err := strconv.Atoi(env("STATE_MIB", "0"))
	if err != nil || mib < 0 || mib > maxStateMiB {
		return fmt.Errorf("STATE_MIB has to be a number from 0 to %d", maxStateMiB)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+env("PORT", "8080"))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newGreeter(mib).handler(), ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Println("listening on", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
