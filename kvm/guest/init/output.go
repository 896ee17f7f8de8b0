package main

import (
	"os"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// output carries what the function prints to the host. It goes through a pipe as not all
// programs can open /dev/stdout if that is a socket.
type output struct {
	function *os.File // the function's end
	host     *stream
	done     chan struct{}
}

func openOutput(uid, gid int) (*output, error) {
	host, err := dialHost(wire.OutputPort)
	if err != nil {
		return nil, err
	}
	return newOutput(host, uid, gid)
}

func newOutput(host *stream, uid, gid int) (*output, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	// So that the function can open /dev/stdout, whoever it is.
	if err := unix.Fchown(fds[1], uid, gid); err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fds[0], true); err != nil { // the function's end blocks
		return nil, err
	}
	from, err := newStream(fds[0])
	if err != nil {
		return nil, err
	}
	o := &output{function: os.NewFile(uintptr(fds[1]), "output"), host: host, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		_ = pump(o.host, from)
		_ = from.Close()
		_ = o.host.CloseWrite()
	}()
	return o, nil
}

// finish waits until the host has all of it, which it says by closing its side. The
// function has to have ended.
func (o *output) finish() {
	_ = o.function.Close()
	<-o.done
	o.host.awaitEnd()
	_ = o.host.Close()
}
