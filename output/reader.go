package output

import (
	"io"
	"os"
)

const (
	readSize  = 64 << 10 // bytes read in one step
	maxPieces = 1000     // pieces told in one step
)

// reader goes through one file in bounded steps.
type reader struct {
	told int64 // bytes of the file that were told
	cut  bool  // the last piece ended before its line did
}

// progress is where a step left off.
type progress int

const (
	done progress = iota // everything is told
	held                 // but for a line without its end
	more                 // there is more to tell at once
)

// settle makes the position right for a file of size bytes: back to the start
// if somebody emptied it, over a hole to the next data, so that a file made
// huge costs nothing.
func (r *reader) settle(f *os.File, size int64) error {
	if size < r.told {
		*r = reader{}
	}
	at, err := nextData(f, r.told, size)
	if err != nil {
		return err
	}
	r.told = at
	return nil
}

// step tells the next pieces of src; with flush also a last line without its
// end. buf is where to read to.
func (r *reader) step(src io.ReaderAt, flush bool, buf []byte, tell func(text string)) (progress, error) {
	n, err := src.ReadAt(buf, r.told)
	if err != nil && err != io.EOF {
		return done, err
	}
	atEnd := err == io.EOF
	data := buf[:n]
	for range maxPieces {
		piece, used := next(data, flush && atEnd)
		if used == 0 {
			break
		}
		r.tell(piece, data[used-1] == '\n', tell)
		r.told += int64(used)
		data = data[used:]
	}
	_, used := next(data, flush)
	switch {
	case !atEnd || used > 0:
		return more, nil
	case len(data) > 0:
		return held, nil
	}
	return done, nil
}

// tell passes a piece on, unless it is nothing but NULs or the mere end of a
// line that was cut.
func (r *reader) tell(piece []byte, ended bool, tell func(text string)) {
	if text := clean(piece); text != "" || ended && !r.cut {
		tell(text)
	}
	r.cut = !ended
}
