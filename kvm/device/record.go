package device

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// Record keeps what a guest writes to its console, so that it fills neither a disk
// nor a processor: the file keeps at most a limit, of which the newest half stays
// when it is full, and no more is taken in than a rate allows.
type Record struct {
	mu      sync.Mutex
	file    *os.File
	limit   int64
	size    int64
	bucket  bucket
	dropped int64
	last    tail
}

const (
	recordRate  = 64 << 10 // bytes per second, kept up
	recordBurst = 512 << 10
)

// NewRecord appends to file, which may grow to limit bytes.
func NewRecord(file *os.File, limit int64) (*Record, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &Record{file: file, limit: limit, size: info.Size(), bucket: bucket{rate: recordRate, burst: recordBurst, left: recordBurst}}, nil
}

// Write takes all of p or drops it. It never fails.
func (r *Record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.add(p)
	if !r.bucket.take(time.Now(), len(p)) {
		r.dropped += int64(len(p))
		return len(p), nil
	}
	if r.dropped > 0 {
		r.append(fmt.Appendf(nil, "\n[%d bytes were dropped: too many at once]\n", r.dropped))
		r.dropped = 0
	}
	r.append(p)
	return len(p), nil
}

// Note writes a line that is not the guest's, whatever the rate.
func (r *Record) Note(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.append([]byte("[torpor: " + line + "]\n"))
}

// Tail is the end of what was written, some KiB, dropped or not.
func (r *Record) Tail() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.last.bytes())
}

func (r *Record) append(p []byte) {
	if int64(len(p)) > r.limit/2 {
		p = p[int64(len(p))-r.limit/2:]
	}
	if r.size+int64(len(p)) > r.limit {
		r.halve()
	}
	n, _ := r.file.WriteAt(p, r.size)
	r.size += int64(n)
}

// halve keeps the newest half.
func (r *Record) halve() {
	keep := make([]byte, min(r.limit/2, r.size))
	n, _ := r.file.ReadAt(keep, r.size-int64(len(keep)))
	_, _ = r.file.WriteAt(keep[:n], 0)
	_ = r.file.Truncate(int64(n))
	r.size = int64(n)
}

// bucket lets so many bytes through a second, and a burst of them after a rest.
type bucket struct {
	rate, burst, left float64
	last              time.Time
}

func (b *bucket) take(now time.Time, n int) bool {
	if !b.last.IsZero() {
		b.left = min(b.burst, b.left+b.rate*now.Sub(b.last).Seconds())
	}
	b.last = now
	if float64(n) > b.left {
		return false
	}
	b.left -= float64(n)
	return true
}

// tail keeps the last bytes of a stream.
type tail struct {
	ring [4096]byte
	n    int
}

func (t *tail) add(p []byte) {
	if len(p) > len(t.ring) {
		t.n += len(p) - len(t.ring)
		p = p[len(p)-len(t.ring):]
	}
	for _, b := range p {
		t.ring[t.n%len(t.ring)] = b
		t.n++
	}
}

func (t *tail) bytes() []byte {
	if t.n <= len(t.ring) {
		return t.ring[:t.n]
	}
	at := t.n % len(t.ring)
	return append(append([]byte(nil), t.ring[at:]...), t.ring[:at]...)
}
