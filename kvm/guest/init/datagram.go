package main

import (
	"bufio"
	"errors"
	"sync"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// carryDatagrams copies both ways until the host ends the stream. That nobody has bound the
// function's port is no end: somebody may, later.
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
	from := bufio.NewReaderSize(host, 2048)
	for {
		if _, err := from.Peek(1); err != nil {
			return
		}
		buf := chunks.Get().(*[chunk]byte)
		n, err := wire.ReadDatagram(from, buf[:])
		if err == nil {
			if _, refused := function.send(buf[:n]); errors.Is(refused, unix.ECONNREFUSED) { // an earlier one
				err = wire.WriteUntaken(host)
				_, _ = function.send(buf[:n])
			}
		}
		chunks.Put(buf)
		if err != nil {
			return
		}
	}
}

// fromFunction leaves room for a datagram's length in front of it.
func fromFunction(host, function *stream) {
	const head = 2
	for {
		buf, n, err := function.receiveChunk(head)
		if errors.Is(err, unix.ECONNREFUSED) {
			if wire.WriteUntaken(host) != nil {
				return
			}
			continue
		}
		if err != nil {
			return
		}
		_, err = host.Write(wire.AppendDatagram(buf[:0], buf[head:head+n]))
		chunks.Put(buf)
		if err != nil {
			return
		}
	}
}

// receiveChunk is receive into a free buffer, from an offset on. The caller puts it back
// if there was no error.
func (s *stream) receiveChunk(from int) (buf *[chunk]byte, n int, err error) {
	var cause error
	err = s.raw.Read(func(fd uintptr) bool {
		buf = chunks.Get().(*[chunk]byte)
		n, cause = ignoringEINTR(func() (int, error) { return unix.Read(int(fd), buf[from:]) })
		if cause != nil {
			chunks.Put(buf)
		}
		return cause != unix.EAGAIN
	})
	return buf, n, errors.Join(err, cause)
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
