// Command function is what the daemon's tests run in sandboxes: a static program
// that behaves as badly as it is told to.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var (
		ignoreTerm = flag.Bool("ignore-term", false, "do nothing about SIGTERM")
		deaf       = flag.Bool("deaf", false, "never listen")
		exit       = flag.Int("exit", -1, "exit with this status at once")
		waitFor    = flag.String("wait-for", "", "listen only once this file exists")
		crashAfter = flag.Int64("crash-after", 0, "exit after so many requests")
		child      = flag.Bool("child", false, "be one of a storm of processes")
	)
	flag.Parse()
	switch {
	case *child:
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	case *exit >= 0:
		fmt.Println("leaving at once")
		os.Exit(*exit)
	}
	if *ignoreTerm {
		signal.Ignore(syscall.SIGTERM)
	}
	if *deaf {
		time.Sleep(time.Hour)
	}
	awaitFile(*waitFor)
	web := listen(8080)
	go echo(listen(9090))
	s := &server{listener: web, crashAfter: *crashAfter}
	fmt.Println("serving", os.Getenv("VERSION"))
	err := http.Serve(web, s.routes())
	fmt.Println("no longer serving:", err)
	time.Sleep(time.Hour) // its listener was closed, it lives on
}

func listen(port int) net.Listener {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return l
}

func awaitFile(path string) {
	for path != "" {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// echo sends back what it gets, and FIN for FIN.
func echo(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(conn, conn)
		}()
	}
}
