// Counter is the function that the soak starts hundreds of. It keeps PAGES pages of memory that SEED tells, and counts:
// "ask N\n", on a TCP connection that may stay open or in a datagram, is answered with a line that has a word for this
// life of the process, how often it was asked since it started, and N, and with page N, which counts by itself how often
// it was asked for. So each reply shows whether memory is what it was, and each request changes some of it.
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"sync"

	"torpor/bench/soak/pattern"
)

func main() {
	log.SetFlags(0)
	c, err := newCounter()
	if err == nil {
		err = c.serve("127.0.0.1:" + os.Getenv("PORT"))
	}
	log.Fatalf("counter: %v", err)
}

type counter struct {
	life string

	mu    sync.Mutex
	total uint64
	asked []uint64
	pages [][]byte
}

func newCounter() (*counter, error) {
	seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("SEED has to be a number: %w", err)
	}
	pages, err := strconv.Atoi(os.Getenv("PAGES"))
	if err != nil || pages < 1 {
		return nil, fmt.Errorf("PAGES has to be a number from 1 on, and is %q", os.Getenv("PAGES"))
	}
	id := make([]byte, 8)
	rand.Read(id)
	c := &counter{life: hex.EncodeToString(id), asked: make([]uint64, pages)}
	for n := range pages {
		c.pages = append(c.pages, pattern.Page(seed, n, 0))
	}
	return c, nil
}

func (c *counter) serve(address string) error {
	datagrams, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	go c.serveDatagrams(datagrams)
	streams, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		conn, err := streams.Accept()
		if err != nil {
			return err
		}
		go c.serveStream(conn)
	}
}

// serveStream ends with the connection, or with the first line that is no request.
func (c *counter) serveStream(conn net.Conn) {
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		reply, err := c.reply(lines.Text())
		if err != nil {
			log.Print(err)
			return
		}
		if _, err := conn.Write(reply); err != nil {
			return // the client has gone
		}
	}
}

func (c *counter) serveDatagrams(socket net.PacketConn) {
	request := make([]byte, 64)
	for {
		n, from, err := socket.ReadFrom(request)
		if err != nil {
			log.Fatalf("counter: %v", err)
		}
		reply, err := c.reply(string(request[:n]))
		if err == nil {
			_, err = socket.WriteTo(reply, from)
		}
		if err != nil {
			log.Print(err)
		}
	}
}

func (c *counter) reply(request string) ([]byte, error) {
	n := -1
	if _, err := fmt.Sscanf(request, "ask %d", &n); err != nil || n < 0 || n >= len(c.pages) {
		return nil, fmt.Errorf("no request: %q", request)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	c.asked[n]++
	pattern.Asked(c.pages[n], c.asked[n])
	return append(fmt.Appendf(nil, "%s %d %d\n", c.life, c.total, n), c.pages[n]...), nil
}
