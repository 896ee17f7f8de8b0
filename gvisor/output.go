package gvisor

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"torpor/sandbox"
)

// chunk is how much output is forwarded at once, in bytes.
const chunk = 16 << 10

// openOutput opens what a function's stdout and stderr are.
//
// Without a stream that is a file. With one it is a pipe, from which the gofer,
// which lives and sleeps with the sandbox, writes into the stream: a socket could
// not be opened as /dev/stdout, which is where many images' logs lead, and most
// programs would not outlive the end of who listens on it.
func openOutput(c sandbox.Config) (*os.File, error) {
	file, err := os.OpenFile(c.OutputPath, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening output file: %w", err)
	}
	if c.OutputStream == nil {
		return file, nil
	}
	stream, err := c.OutputStream.Open()
	if err != nil {
		return file, nil // nobody listens
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("opening output pipe: %w", err)
	}
	if err := handOn(map[int]int{outputPipeFD: pipe[0], outputStreamFD: int(stream.Fd()), outputFileFD: int(file.Fd())}); err != nil {
		return nil, fmt.Errorf("handing on output: %w", err)
	}
	return os.NewFile(uintptr(pipe[1]), "output"), nil
}

// forwardOutput moves what the function writes on, in a goroutine that ends after
// its last byte; done is closed then. It returns nil where there is nothing to
// forward.
func forwardOutput() (done chan struct{}) {
	if _, err := unix.FcntlInt(outputPipeFD, unix.F_GETFD, 0); err != nil {
		return nil
	}
	done = make(chan struct{})
	go func() {
		defer close(done)
		forward(outputPipeFD, outputStreamFD, outputFileFD)
	}()
	return done
}

// forward copies from one descriptor to another until the first ends. When the
// other takes no more, the rest goes to a third, and is lost if that fails too:
// the function goes on whatever becomes of its output. It makes no system calls
// but reads and writes, as a gofer may make few.
func forward(from, to, otherwise int) {
	buf := make([]byte, chunk)
	for {
		n, err := unix.Read(from, buf)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil || n == 0:
			return
		}
		rest := writeAll(to, buf[:n])
		if len(rest) > 0 {
			to = otherwise
			writeAll(to, rest)
		}
	}
}

// writeAll returns what could not be written.
func writeAll(fd int, data []byte) []byte {
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			break
		}
		data = data[n:]
	}
	return data
}
