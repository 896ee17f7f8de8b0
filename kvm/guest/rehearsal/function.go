package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// functions are the programs that run in the machine, by the last of their arguments.
var functions = map[string]func(){"server": server, "hog": hog, "shares": shares, "server-child": sleep}

// sleep is the child that its parent leaves behind.
func sleep() { time.Sleep(time.Hour) }

// Ports of the server.
const (
	echoPort = 7000 // TCP and UDP
	waitPort = 7001 // says when it is closed
	byePort  = 7002 // says one word, and closes
)

// server tells who it is, and serves until SIGTERM.
func server() {
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	describe()
	serve(echoPort, func(c *net.TCPConn) {
		_, _ = io.Copy(c, struct{ io.Reader }{c})
		_ = c.CloseWrite()
		_ = c.Close()
	})
	serve(waitPort, waitForEnd)
	serve(byePort, func(c *net.TCPConn) {
		_, _ = io.WriteString(c, "bye")
		_ = c.Close()
	})
	echoDatagrams()
	orphan()
	fmt.Println("ready")
	<-terminate
	fmt.Println("terminated")
	os.Exit(7)
}

func serve(port int, with func(*net.TCPConn)) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		fmt.Println("FAILED listening:", err)
		return
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go with(c.(*net.TCPConn))
		}
	}()
}

// waitForEnd reads to the end, and then writes until its peer is gone.
func waitForEnd(c *net.TCPConn) {
	_, _ = io.Copy(io.Discard, c)
	fmt.Println("half closed")
	for {
		if _, err := c.Write([]byte("x")); err != nil {
			break
		}
	}
	fmt.Println("closed")
	_ = c.Close()
}

func echoDatagrams() {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: echoPort})
	if err != nil {
		fmt.Println("FAILED listening:", err)
		return
	}
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := c.ReadFromUDP(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteToUDP(buf[:n], from)
		}
	}()
}

// orphan leaves a process that init has to reap or kill.
func orphan() {
	self, err := os.Executable()
	if err != nil {
		fmt.Println("FAILED finding itself:", err)
		return
	}
	if _, err := syscall.ForkExec(self, []string{self, "server-child"}, &syscall.ProcAttr{Env: os.Environ()}); err != nil {
		fmt.Println("FAILED starting a child:", err)
	}
}

func describe() {
	host, _ := os.Hostname()
	dir, _ := os.Getwd()
	groups, _ := os.Getgroups()
	fmt.Println("host", host, "dir", dir, "user", os.Getuid(), os.Getgid(), groups, "GREETING="+os.Getenv("GREETING"))
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "Cap") || strings.HasPrefix(line, "NoNewPrivs") {
			fmt.Println(strings.Join(strings.Fields(line), " "))
		}
	}
	var files syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
	fmt.Println("files", files.Max)
	adj, _ := os.ReadFile("/proc/self/oom_score_adj")
	fmt.Println("oom_score_adj", strings.TrimSpace(string(adj)))
	show("write to the root", os.WriteFile("/written", []byte("x"), 0o644))
	show("open /dev/stdout", openAndClose("/dev/stdout"))
	show("open /dev/null", openAndClose("/dev/null"))
	entries, err := os.ReadDir("/dev")
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	fmt.Println("dev", strings.Join(names, " "), err)
	mounts, _ := os.ReadFile("/proc/mounts")
	for line := range strings.Lines(string(mounts)) {
		fmt.Println("mount", strings.Join(strings.Fields(line)[1:3], " "))
	}
}

func openAndClose(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_ = f.Close()
	}
	return err
}

func show(what string, err error) { fmt.Println(what+":", err) }

// hog takes memory until it is stopped.
func hog() {
	var kept [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = byte(i)
		}
		kept = append(kept, b)
		_ = kept
	}
}
