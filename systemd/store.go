package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// storedPrefix tells descriptors that came from the store from those of .socket
	// units.
	storedPrefix = "torpor/"

	storeName = 255              // longest FDNAME, in bytes
	storeFDs  = 253              // most descriptors that the kernel takes in one message
	storeWait = 10 * time.Second // for systemd to make room for a message
)

// Store is systemd's file descriptor store of this unit: descriptors put there
// outlive the process, whatever ends it, and come back with the next one's
// sockets; see [Stored]. The unit must have FileDescriptorStoreMax= and be
// Type=notify or the like. `systemctl stop` empties the store, `systemctl
// restart` does not. All methods may be called from any goroutine.
//
// systemd compares a new descriptor with each that it has, and tells the next
// process all names in one environment variable, which the kernel bounds to 128
// KiB: keep names short and descriptors to a few thousand.
type Store struct{ address string }

// NewStore returns the unit's store, as $NOTIFY_SOCKET says. Without that, all its
// methods do nothing and succeed.
func NewStore() *Store { return &Store{os.Getenv("NOTIFY_SOCKET")} }

// Available reports whether systemd is there. It cannot tell whether the unit has
// a store: systemd says nothing, and logs, when it turns a descriptor away.
func (s *Store) Available() bool { return s.address != "" }

// Put has systemd keep duplicates of the descriptors under a name of at most 248
// ASCII characters, without ":". Several may share a name; their order is not kept.
// It returns when the message is sent: see Barrier. What is there already is not
// put twice. systemd does not drop what has been hung up; use Drop.
func (s *Store) Put(name string, fds ...int) error {
	if err := checkStoreName(name); err != nil {
		return err
	}
	state := "FDSTORE=1\nFDPOLL=0\nFDNAME=" + storedPrefix + name
	for len(fds) > 0 && s.Available() {
		n := min(len(fds), storeFDs)
		if err := s.send(state, fds[:n]...); err != nil {
			return fmt.Errorf("systemd: keeping %q: %w", name, err)
		}
		fds = fds[n:]
	}
	return nil
}

// Drop has systemd close all descriptors of that name.
func (s *Store) Drop(name string) error {
	if err := checkStoreName(name); err != nil || !s.Available() {
		return err
	}
	if err := s.send("FDSTOREREMOVE=1\nFDNAME=" + storedPrefix + name); err != nil {
		return fmt.Errorf("systemd: dropping %q: %w", name, err)
	}
	return nil
}

// Barrier waits until systemd has seen to all earlier messages of the process, or
// ctx ends.
func (s *Store) Barrier(ctx context.Context) error {
	if !s.Available() {
		return nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("systemd: waiting for it: %w", err)
	}
	defer r.Close()
	err = s.send("BARRIER=1", int(w.Fd()))
	w.Close()
	if err != nil {
		return fmt.Errorf("systemd: waiting for it: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = r.SetReadDeadline(time.Unix(1, 0)) })()
	// It closes its end when it comes to it.
	if _, err := r.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("systemd: waiting for it: %w", context.Cause(ctx))
	}
	return nil
}

// Stored tells the descriptors that come from the Store from the others that
// systemd passes, by their names. The former are returned by the name under which
// they were Put.
func Stored(files []*os.File) (stored map[string][]*os.File, others []*os.File) {
	stored = make(map[string][]*os.File)
	for _, f := range files {
		if name, ours := strings.CutPrefix(f.Name(), storedPrefix); ours {
			stored[name] = append(stored[name], f)
		} else {
			others = append(others, f)
		}
	}
	return stored, others
}

func checkStoreName(name string) error {
	wrong := strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == ':' })
	if name == "" || wrong || len(storedPrefix)+len(name) > storeName {
		return fmt.Errorf("systemd: %q cannot name a stored descriptor: use 1 to %d printable ASCII characters without \":\"",
			name, storeName-len(storedPrefix))
	}
	return nil
}

// send notifies systemd in a message of its own.
func (s *Store) send(state string, fds ...int) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("create socket: %w", err)
	}
	defer unix.Close(fd)
	patience := unix.NsecToTimeval(storeWait.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &patience); err != nil {
		return fmt.Errorf("bound sending: %w", err)
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	to := &unix.SockaddrUnix{Name: s.address}
	for {
		err := unix.Sendmsg(fd, []byte(state), rights, to, unix.MSG_NOSIGNAL)
		if err != unix.EINTR {
			return err
		}
	}
}
