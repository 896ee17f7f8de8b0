package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"torpor/kvm/wire"
)

// play goes through what there is to see of a function, and names the checks.
func (h *host) play(function string) error {
	switch function {
	case "server":
		return h.playServer()
	case "hog":
		return h.playHog()
	case "shares":
		return h.playShares()
	default:
		return h.playMissing()
	}
}

func (h *host) playServer() error {
	if _, err := h.report(wire.Started); err != nil {
		return err
	}
	check("output", h.line("ready"))
	check("listening", h.checkListening())
	check("refused", checkRefused())
	check("bytes both ways", checkEcho(1))
	check("many connections", checkMany())
	check("host closes", h.checkHostCloses())
	check("function closes", checkFunctionCloses())
	check("datagrams", checkDatagrams())
	check("clock", h.checkClock())
	check("give back", h.checkGiveBack())
	if _, err := h.ask(wire.Message{Op: wire.Terminate}); err != nil {
		return err
	}
	check("terminate", h.line("terminated"))
	m, err := h.report(wire.Exited)
	if err != nil {
		return err
	}
	return want(m.Code, 7)
}

func (h *host) checkListening() error {
	for _, c := range []struct {
		network string
		port    uint16
		want    bool
	}{{wire.TCP, echoPort, true}, {wire.UDP, echoPort, true}, {wire.TCP, echoPort + 9, false}, {wire.UDP, echoPort + 9, false}} {
		m, err := h.ask(wire.Message{Op: wire.Listening, Network: c.network, Port: c.port})
		if err != nil {
			return err
		}
		if m.OK != c.want {
			return fmt.Errorf("%s %d: %v", c.network, c.port, m.OK)
		}
	}
	return nil
}

func checkRefused() error {
	f, status, err := connect(wire.ProxyHeader{Port: echoPort + 9})
	if err != nil {
		return err
	}
	defer f.Close()
	return want(status, wire.Refused)
}

// checkEcho sends MiBs, closes one direction, and reads them back: the function echoes until
// the end, which it has to see.
func checkEcho(mib int) error {
	f, status, err := connect(wire.ProxyHeader{Port: echoPort})
	if err != nil || status != wire.Connected {
		return fmt.Errorf("connecting: %v, %v", status, err)
	}
	defer f.Close()
	sent := make([]byte, mib<<20)
	_, _ = rand.Read(sent)
	failed := make(chan error, 1)
	go func() {
		_, err := f.Write(sent)
		failed <- errors.Join(err, closeWrite(f))
	}()
	got, err := io.ReadAll(f)
	if err := errors.Join(err, <-failed); err != nil {
		return err
	}
	if !bytes.Equal(got, sent) {
		return fmt.Errorf("sent %d bytes, got %d, or others", len(sent), len(got))
	}
	return nil
}

func checkMany() error {
	errs := make([]error, 50)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = checkEcho(0) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// checkHostCloses closes while the function waits: it has to see the end, even of the other
// direction.
func (h *host) checkHostCloses() error {
	f, _, err := connect(wire.ProxyHeader{Port: waitPort})
	if err != nil {
		return err
	}
	if err := errors.Join(closeWrite(f), h.line("half closed"), f.Close()); err != nil {
		return err
	}
	return h.line("closed")
}

func checkFunctionCloses() error {
	f, _, err := connect(wire.ProxyHeader{Port: byePort})
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	return errors.Join(err, want(string(got), "bye"))
}

func checkDatagrams() error {
	f, status, err := connect(wire.ProxyHeader{UDP: true, Port: echoPort})
	if err != nil || status != wire.Connected {
		return fmt.Errorf("connecting: %v, %v", status, err)
	}
	defer f.Close()
	buf := make([]byte, wire.MaxDatagram)
	for _, size := range []int{0, 1, 1400, wire.MaxDatagram} {
		sent := bytes.Repeat([]byte{'u'}, size)
		if err := wire.WriteDatagram(f, sent); err != nil {
			return err
		}
		if n, err := wire.ReadDatagram(f, buf); err != nil || !bytes.Equal(buf[:n], sent) {
			return fmt.Errorf("of %d bytes came %d, %v", size, n, err)
		}
	}
	nobody, _, err := connect(wire.ProxyHeader{UDP: true, Port: echoPort + 9})
	if err != nil {
		return err
	}
	defer nobody.Close()
	if err := wire.WriteDatagram(nobody, []byte("x")); err != nil {
		return err
	}
	somebody, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", echoPort+9))
	if err != nil {
		return err
	}
	defer somebody.Close()
	if err := wire.WriteDatagram(nobody, []byte("y")); err != nil {
		return err
	}
	for {
		n, _, err := somebody.ReadFrom(buf)
		if err != nil || string(buf[:n]) == "y" {
			return err
		}
	}
}

func (h *host) checkClock() error {
	later := time.Now().Add(1000 * time.Hour)
	if _, err := h.ask(wire.Message{Op: wire.SetClock, UnixNanos: later.UnixNano()}); err != nil {
		return err
	}
	if off := time.Now().Round(0).Sub(later.Round(0)); off < 0 || off > time.Hour {
		return fmt.Errorf("it is off by %s", off)
	}
	return nil
}

func (h *host) checkGiveBack() error {
	m, err := h.ask(wire.Message{Op: wire.GiveBack})
	if err == nil && m.FreeBytes == 0 {
		err = errors.New("nothing is free")
	}
	fmt.Printf("free: %d MiB\n", m.FreeBytes>>20)
	if err == nil && !m.OK {
		err = errors.New("it has not even tried")
	}
	if err != nil {
		return err
	}
	if m, err = h.ask(wire.Message{Op: wire.GiveBack}); err == nil && m.OK {
		err = errors.New("it has done so twice, for nothing")
	}
	return err
}

// playHog looks what is told when memory is out.
func (h *host) playHog() error {
	if _, err := h.report(wire.Started); err != nil {
		return err
	}
	m, err := h.report(wire.Exited)
	if err != nil {
		return err
	}
	return errors.Join(want(m.Code, 137), want(m.OOMKills, 1))
}

func (h *host) playMissing() error {
	m, err := h.report(wire.Fatal)
	fmt.Println("fatal:", m.Error)
	return err
}
