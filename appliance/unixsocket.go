package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// unixListener removes its socket when it is closed, unless another one has taken
// the place or the next daemon is to listen there too.
type unixListener struct {
	*net.UnixListener
	path   string
	made   fs.FileInfo
	remain bool
	once   sync.Once
}

// listenUnix listens for streams at a path, whose folder it makes. It takes the
// place of a socket that nobody listens on any more, and of nothing else. A mode
// of 0666 lets everybody connect.
func listenUnix(path string, mode fs.FileMode) (*unixListener, error) {
	if err := makeWay(path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		if e := raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), uint32(mode)) }); e != nil {
			return e
		}
		return err // so that nobody else gets in before it is what it has to be
	}}
	ln, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	return atPath(ln.(*net.UnixListener), path, mode)
}

// resumeUnix goes on with the socket of a former daemon.
func resumeUnix(file *os.File, path string, mode fs.FileMode) (*unixListener, error) {
	ln, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	return atPath(ln.(*net.UnixListener), path, mode)
}

// atPath takes ln over, whose socket has to be at path.
func atPath(ln *net.UnixListener, path string, mode fs.FileMode) (*unixListener, error) {
	ln.SetUnlinkOnClose(false)
	made, err := os.Lstat(path)
	if err == nil && made.Mode().Type() != fs.ModeSocket {
		err = fmt.Errorf("%s is no longer a socket", path)
	}
	if err == nil {
		err = os.Chmod(path, mode) // the umask may have narrowed it
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return &unixListener{UnixListener: ln, path: path, made: made}, nil
}

// SetUnlinkOnClose says whether Close removes the socket, as of any Unix listener.
func (l *unixListener) SetUnlinkOnClose(unlink bool) { l.remain = !unlink }

// Close implements net.Listener.
func (l *unixListener) Close() error {
	l.once.Do(func() {
		if now, err := os.Lstat(l.path); err == nil && os.SameFile(now, l.made) && !l.remain {
			_ = os.Remove(l.path)
		}
	})
	return l.UnixListener.Close()
}

// makeWay makes the folder of a socket, and removes one that was left there.
func makeWay(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("listen on %s: %w", path, err)
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("listen on %s: %w", path, err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen on %s: what is there is not a socket: remove it, or declare another address", path)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("listen on %s: somebody uses the socket there: end them, or declare another address", path)
	}
	return os.Remove(path)
}
