package output

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
)

// Tail writes what a function has printed to w, as safe text: the last lines,
// counted as they were printed, or for 0 all that is kept. With follow it goes
// on with what is printed until ctx ends or the output is removed, and returns
// nil then. It does not need Run. The error is one of w, of reading, or
// fs.ErrNotExist for a function without output.
func (s *Store) Tail(ctx context.Context, name string, lines int, follow bool, w io.Writer) error {
	if err := s.tail(ctx, s.path(name), lines, follow, w); err != nil {
		return fmt.Errorf("output: tail %s: %w", name, err)
	}
	return nil
}

func (s *Store) tail(ctx context.Context, path string, lines int, follow bool, w io.Writer) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := stat(f)
	if err != nil {
		return err
	}
	t := &tail{file: f, buf: make([]byte, readSize), out: bufio.NewWriter(w)}
	if err := t.start(st.size, lines, s.keep+s.backlog); err != nil {
		return err
	}
	if follow {
		return t.follow(ctx, path)
	}
	// Not further than to what is there now: the end may run away.
	if _, err := t.show(ctx, io.NewSectionReader(f, 0, st.size), true); err != nil {
		return err
	}
	return ctx.Err()
}

// tail is the state of one Tail.
type tail struct {
	reader
	file *os.File
	buf  []byte
	out  *bufio.Writer
}

// start finds where to begin in the first size bytes; it looks back no
// further than most bytes.
func (t *tail) start(size int64, lines int, most int64) error {
	first, err := nextData(t.file, 0, size)
	if err != nil {
		return err
	}
	if first > 0 { // in the middle of a line
		n, err := t.file.ReadAt(t.buf[:maxPiece], first)
		if err != nil && err != io.EOF {
			return err
		}
		first += int64(bytes.IndexByte(t.buf[:n], '\n') + 1)
	}
	t.told = first
	if lines > 0 {
		t.told, err = lastLines(t.file, max(first, size-most), size, lines, t.buf)
	}
	return err
}

// lastLines is where the last lines of a range begin.
func lastLines(f io.ReaderAt, from, to int64, lines int, buf []byte) (int64, error) {
	last := to - 1 // a newline there begins no line
	for to > from {
		at := max(from, to-int64(len(buf)))
		chunk := buf[:to-at]
		if _, err := f.ReadAt(chunk, at); err != nil {
			return 0, err
		}
		for i := bytes.LastIndexByte(chunk, '\n'); i >= 0; i = bytes.LastIndexByte(chunk[:i], '\n') {
			if at+int64(i) == last {
				continue
			}
			if lines--; lines == 0 {
				return at + int64(i) + 1, nil
			}
		}
		to = at
	}
	return from, nil
}

// show writes what there is of src, or until ctx ends.
func (t *tail) show(ctx context.Context, src io.ReaderAt, flush bool) (progress, error) {
	for ctx.Err() == nil {
		st, err := stat(t.file)
		if err != nil {
			return done, err
		}
		if err := t.settle(t.file, st.size); err != nil {
			return done, err
		}
		left, err := t.step(src, flush, t.buf, t.write)
		if err != nil {
			return done, err
		}
		if err := t.out.Flush(); err != nil || left != more {
			return left, err
		}
	}
	return done, nil
}

// write leaves a failure to the next Flush, which repeats it.
func (t *tail) write(text string) {
	t.out.WriteString(text)
	t.out.WriteByte('\n')
}
