package main

import (
	"bufio"
	"errors"
	"sync"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// carryDatagrams copies both ways until the host ends the stream, or nothing is bound to the
// function's port any more, of which the end of the stream tells the host.
func carryDatagrams(host, function *stream) {
	var both sync.WaitGroup
	abort := func() {
		_ = host.Close()
		_ = function.Close()
	}
	both.Go(func() {
		defer abort()
		toFunction(function, host)
	})
	both.Go(func() {
		defer abort()
		fromFunction(host, function)
	})
	both.Wait()
}

func toFunction(function, host *stream) {
	from := bufio.NewReaderSize(host, 4096)
	buf := new([wire.MaxDatagram]byte)
	for {
		n, err := wire.ReadDatagram(from, buf[:])
		if err != nil {
			return
		}
		if _, err := function.send(buf[:n]); errors.Is(err, unix.ECONNREFUSED) {
			return
		}
	}
}

func fromFunction(host, function *stream) {
	frame := make([]byte, 0, 2+wire.MaxDatagram)
	buf := new([wire.MaxDatagram]byte)
	for {
		n, err := function.receive(buf[:])
		if err != nil {
			return
		}
		if _, err := host.Write(wire.AppendDatagram(frame, buf[:n])); err != nil {
			return
		}
	}
}

// send is Write for datagrams, of which one may be empty.
func (s *stream) send(b []byte) (n int, err error) {
	var cause error
	err = s.raw.Write(func(fd uintptr) bool {
		n, cause = ignoringEINTR(func() (int, error) { return len(b), unix.Send(int(fd), b, 0) })
		return cause != unix.EAGAIN
	})
	return n, errors.Join(err, cause)
}

// receive is Read for datagrams, of which an empty one is not the end.
func (s *stream) receive(b []byte) (n int, err error) {
	var cause error
	err = s.raw.Read(func(fd uintptr) bool {
		n, cause = ignoringEINTR(func() (int, error) { return unix.Read(int(fd), b) })
		return cause != unix.EAGAIN
	})
	return n, errors.Join(err, cause)
}
