package kvm

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
	"torpor/sandbox"
)

// fakeMonitor is a sandbox whose monitor is this process, which does what serve does with each stream.
func fakeMonitor(t *testing.T, serve func(net.Conn)) *Sandbox {
	t.Helper()
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, streamsFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	process := exec.Command("sleep", "1000")
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	pid := process.Process.Pid
	s, err := newSandbox(dir, record{ID: "fake", PID: pid, StartTime: sandbox.StartTime(pid)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// echoDatagrams is init with a function that sends back what it gets.
func echoDatagrams(c net.Conn) {
	defer c.Close()
	if h, err := wire.ReadProxyHeader(c); err != nil || !h.UDP || h.Port != 53 {
		return
	}
	_, _ = c.Write([]byte{byte(wire.Connected)})
	_, _ = io.Copy(c, c)
}

func TestDatagramsAreCarriedOverAStream(t *testing.T) {
	conn, err := fakeMonitor(t, echoDatagrams).DialUDP(t.Context(), 53, func() { t.Error("a datagram was not taken") })
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(guard))
	buf := make([]byte, 1<<17)
	for _, size := range []int{1, 0, 1400, wire.MaxDatagram, 2, 2046, 2047, 2048, 2049, 4096} {
		sent := make([]byte, size)
		for i := range sent {
			sent[i] = byte(rand.Uint32())
		}
		if n, err := conn.Write(sent); n != size || err != nil {
			t.Fatalf("%d of %d bytes sent, %v", n, size, err)
		}
		raw, err := conn.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := raw.Read(func(fd uintptr) bool { // as the gateway does: an empty one is no end
			n, err = unix.Read(int(fd), buf)
			return err != unix.EAGAIN
		}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(buf[:n], sent) {
			t.Fatalf("a datagram of %d bytes came back with %d", size, n)
		}
	}
}

func TestDatagramsToAGuestThatGoes(t *testing.T) {
	hungUp := make(chan struct{})
	s := fakeMonitor(t, func(c net.Conn) {
		_, _ = wire.ReadProxyHeader(c)
		_, _ = c.Write([]byte{byte(wire.Connected)})
		_ = wire.WriteUntaken(c)
		_, _ = c.Write([]byte{0xff, 0xfe}) // longer than any datagram
		_, _ = io.Copy(io.Discard, c)
		close(hungUp)
	})
	untaken := make(chan struct{})
	conn, err := s.DialUDP(t.Context(), 53, func() { close(untaken) })
	if err != nil {
		t.Fatal(err)
	}
	<-untaken
	for deadline := time.Now().Add(guard); ; {
		if _, err := conn.Write([]byte("x")); err != nil {
			break // refused
		}
		if time.Now().After(deadline) {
			t.Fatal("datagrams are taken for nobody")
		}
	}
	conn.Close()
	<-hungUp
}

// TestDialOfASandboxThatHasEnded tells that from a function that does not listen.
func TestDialOfASandboxThatHasEnded(t *testing.T) {
	s := fakeMonitor(t, func(c net.Conn) { c.Close() })
	if err := unix.Kill(s.PID(), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Dial(t.Context(), 53); !errors.Is(err, sandbox.ErrGone) {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(filepath.Join(s.dir, streamsFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Dial(t.Context(), 53); !errors.Is(err, sandbox.ErrGone) {
		t.Errorf("got %v", err)
	}
}
