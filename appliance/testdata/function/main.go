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
	"strings"
	"syscall"
	"time"
)

func main() {
	var (
		ignoreTerm = flag.Bool("ignore-term", false, "do nothing about SIGTERM")
		deaf       = flag.Bool("deaf", false, "never listen")
		exit       = flag.Int("exit", -1, "exit with this status at once")
		waitFor    = flag.String("wait-for", "", "listen only once this file exists")
		udpOnly    = flag.Bool("udp-only", false, "take datagrams only")
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
	datagrams := listenUDP(8080)
	if *udpOnly {
		echoDatagrams(datagrams)
		return
	}
	go echoDatagrams(datagrams)
	go echo(listen(9090)) // before the port that tells that it is ready
	web := listen(8080)
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

func listenUDP(port int) net.PacketConn {
	pc, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return pc
}

// echoDatagrams sends back what it gets, with the number of its peer's datagram in
// front. What begins with "shh" is not answered.
func echoDatagrams(pc net.PacketConn) {
	numbers := map[string]int{}
	buf := make([]byte, 1<<16)
	for {
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return
		}
		numbers[from.String()]++
		if text := string(buf[:n]); !strings.HasPrefix(text, "shh") {
			_, _ = fmt.Fprintf(writerTo{pc, from}, "%d %s", numbers[from.String()], text)
		}
	}
}

// writerTo writes datagrams to one peer.
type writerTo struct {
	net.PacketConn
	peer net.Addr
}

func (w writerTo) Write(p []byte) (int, error) { return w.WriteTo(p, w.peer) }

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
