// Tally counts what other programs tell it in datagrams, as statsd does, and tells the counts over HTTP.
// A datagram holds lines such as "logins:1|c". None is answered.
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
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatalf("tally: %v", err)
	}
}

// run serves both on the same port, over TCP and over UDP.
func run(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:"+env("PORT", "8125"))
	if err != nil {
		return err
	}
	datagrams, err := net.ListenPacket("udp", listener.Addr().String())
	if err != nil {
		return err
	}
	c := newCounters()
	server := &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() {
		datagrams.Close()
		server.Close()
	})
	go receive(datagrams, c)
	fmt.Println("listening on", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// receive counts until the socket is closed.
func receive(datagrams net.PacketConn, c *counters) {
	buf := make([]byte, 64<<10)
	for {
		n, _, err := datagrams.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		c.add(string(buf[:n]))
	}
}

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
