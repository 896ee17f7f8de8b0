package systemd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// JournalSocket is where journald takes entries in its native protocol.
const JournalSocket = "/run/systemd/journal/socket"

const (
	// sendBuffer is room for large entries in one datagram, in bytes.
	sendBuffer = 8 << 20
	// maxWaiting is how many entries may wait for a journald that is slow.
	maxWaiting = 4096
	// roomTime bounds one wait for room in journald's queue, so that Close need
	// not wait for longer.
	roomTime = 100 * time.Millisecond
	// goneTime is between two looks whether journald is back.
	goneTime = 200 * time.Millisecond
)

// Field is one field of a journal entry. Its name is of A-Z, 0-9 and "_".
type Field struct{ Name, Value string }

// Journal writes entries by journald's native protocol, which is on
// systemd.io/JOURNAL_NATIVE_PROTOCOL. All methods may be called concurrently.
//
// Nobody waits for journald: where its queue is full, entries wait in memory and
// go out in order, from a goroutine that lives for as long as some wait.
type Journal struct {
	to      *unix.SockaddrUnix
	fd      int // never waits
	patient int // waits for room, for drain

	mu      sync.Mutex
	waiting [][]byte
	drained chan struct{} // while some wait: closed when none does any more
	closed  bool
}

// OpenJournal prepares to write to the journald that listens on socket, which need
// not be there yet.
func OpenJournal(socket string) (*Journal, error) {
	fd, err := entrySocket(unix.SOCK_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("systemd: journal: %w", err)
	}
	patient, err := entrySocket(0)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("systemd: journal: %w", err)
	}
	return &Journal{fd: fd, patient: patient, to: &unix.SockaddrUnix{Name: socket}}, nil
}

func entrySocket(flags int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|flags, 0)
	if err != nil {
		return -1, err
	}
	// Beyond what the system allows anybody, if root; without it, large entries take
	// another way.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
	}
	wait := unix.NsecToTimeval(roomTime.Nanoseconds())
	return fd, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &wait)
}

// Send writes one entry, or lets it wait. The error says that there is no journald,
// or that too many wait: the entry is not written.
func (j *Journal) Send(fields []Field) error {
	entry := encode(fields)
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) == 0 {
		if err := j.write(j.fd, entry); !errors.Is(err, unix.EAGAIN) {
			return err
		}
	}
	return j.hold(entry)
}

// Keep lets an entry wait until journald takes it, if there is room: for entries
// that could not be sent and have nowhere else to go.
func (j *Journal) Keep(fields []Field) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.hold(encode(fields))
}

// Close waits for the entries that wait, at most so long, and gives them up then.
func (j *Journal) Close(patience time.Duration) {
	j.mu.Lock()
	drained := j.drained
	j.mu.Unlock()
	if drained != nil {
		select {
		case <-drained:
		case <-time.After(patience):
		}
	}
	j.mu.Lock()
	j.closed, j.waiting = true, nil
	drained = j.drained
	j.mu.Unlock()
	if drained != nil {
		<-drained
	}
	unix.Close(j.fd)
	unix.Close(j.patient)
}

// hold has an entry wait its turn, and notes when it was written.
func (j *Journal) hold(entry []byte) error {
	switch {
	case j.closed:
		return errors.New("systemd: journal: closed")
	case len(j.waiting) >= maxWaiting:
		return errors.New("systemd: journal: too many entries wait for journald")
	}
	now := encode([]Field{{"TORPOR_LOGGED_AT", time.Now().Format(time.RFC3339Nano)}})
	j.waiting = append(j.waiting, append(entry, now...))
	if j.drained == nil {
		j.drained = make(chan struct{})
		go j.drain()
	}
	return nil
}

// drain writes what waits until nothing does.
func (j *Journal) drain() {
	for entry := j.first(); entry != nil; entry = j.first() {
		err := j.write(j.patient, entry)
		switch {
		case err == nil:
			j.sent()
		case !errors.Is(err, unix.EAGAIN):
			time.Sleep(goneTime)
		}
	}
}

// first is the entry that has waited longest. Without one, drain is over.
func (j *Journal) first() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) == 0 {
		close(j.drained)
		j.drained = nil
		return nil
	}
	return j.waiting[0]
}

// sent drops the first entry.
func (j *Journal) sent() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) > 0 { // Close may have given all up
		j.waiting = j.waiting[1:]
	}
}

func (j *Journal) write(fd int, entry []byte) error {
	err := unix.Sendto(fd, entry, unix.MSG_NOSIGNAL, j.to)
	if errors.Is(err, unix.EMSGSIZE) || errors.Is(err, unix.ENOBUFS) {
		err = j.writeLarge(fd, entry)
	}
	if err != nil {
		return fmt.Errorf("systemd: journal: sending to %s: %w", j.to.Name, err)
	}
	return nil
}

// writeLarge passes an entry as a sealed file in memory.
func (j *Journal) writeLarge(fd int, entry []byte) error {
	file, err := unix.MemfdCreate("journal-entry", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return err
	}
	defer unix.Close(file)
	for at := 0; at < len(entry); {
		n, err := unix.Pwrite(file, entry[at:], int64(at))
		if err != nil {
			return err
		}
		at += n
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(file), unix.F_ADD_SEALS, seals); err != nil {
		return err
	}
	return unix.Sendmsg(fd, nil, unix.UnixRights(file), j.to, unix.MSG_NOSIGNAL)
}

// encode writes fields as the protocol has them: a line each, but with its length
// where a value has several lines.
func encode(fields []Field) []byte {
	var b bytes.Buffer
	for _, f := range fields {
		b.WriteString(f.Name)
		if bytes.IndexByte([]byte(f.Value), '\n') < 0 {
			b.WriteByte('=')
		} else {
			b.WriteByte('\n')
			_ = binary.Write(&b, binary.LittleEndian, uint64(len(f.Value)))
		}
		b.WriteString(f.Value)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
