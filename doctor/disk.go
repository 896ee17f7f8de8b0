package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	directIO  = unix.O_DIRECT
	chunk     = 1 << 20 // bytes
	page      = 4 << 10 // bytes
	whole     = 64      // chunks
	timeLimit = 600 * time.Millisecond
)

// disk measures one file that bypasses the page cache.
type disk struct {
	file    *os.File
	buf     []byte // aligned, as O_DIRECT wants it
	written int    // chunks
}

func newDisk(f *os.File) (*disk, error) {
	buf, err := unix.Mmap(-1, 0, chunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("allocate a buffer: %w", err)
	}
	rand.Read(buf) // what compresses well would be too quick
	return &disk{file: f, buf: buf}, nil
}

func (d *disk) close() { _ = unix.Munmap(d.buf) }

func (d *disk) measure(ctx context.Context) (s diskSpeed, err error) {
	s.write, err = rate(ctx, whole, chunk, func(i int) error {
		_, err := d.file.WriteAt(d.buf, int64(i)*chunk)
		d.written = i + 1
		return err
	})
	if err != nil {
		return s, err
	}
	s.read, err = rate(ctx, d.written, chunk, func(i int) error {
		_, err := d.file.ReadAt(d.buf, int64(i)*chunk)
		return err
	})
	if err != nil {
		return s, err
	}
	pages := d.written * chunk / page
	s.random, err = rate(ctx, pages, page, func(int) error {
		_, err := d.file.ReadAt(d.buf[:page], mathrand.Int64N(int64(pages))*page)
		return err
	})
	return s, err
}

// rate does up to n steps of size bytes, but no more once the time is up, and
// returns bytes/s.
func rate(ctx context.Context, n, size int, step func(i int) error) (float64, error) {
	start := time.Now()
	for i := range n {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := step(i); err != nil {
			return 0, err
		}
		if spent := time.Since(start); spent > timeLimit || i == n-1 {
			return float64((i+1)*size) / spent.Seconds(), nil
		}
	}
	return 0, nil
}
