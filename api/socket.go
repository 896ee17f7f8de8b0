package api

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// Listen opens the socket in the runtime folder, which it makes if need be and
// locks until the listener is closed. A dead daemon's socket is replaced; a
// living daemon is ErrRefused.
func Listen(runtimeDir string) (net.Listener, error) {
	dir, err := lock(runtimeDir)
	if err != nil {
		return nil, err
	}
	l, err := listen(runtimeDir)
	if err != nil {
		dir.Close()
		return nil, fmt.Errorf("api: listen: %w", err)
	}
	return &listener{UnixListener: l, path: socketPath(runtimeDir), lock: dir}, nil
}

func socketPath(runtimeDir string) string { return filepath.Join(runtimeDir, "torpor.sock") }

// listen binds in a folder that only root can enter and moves the socket out
// of it once it has its mode, so that nobody else can open it at any moment.
func listen(runtimeDir string) (_ *net.UnixListener, err error) {
	private := filepath.Join(runtimeDir, ".new")
	if err := os.RemoveAll(private); err != nil { // of one that was killed here
		return nil, err
	}
	if err := os.Mkdir(private, 0o700); err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	fresh := filepath.Join(private, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it would remove the name it was bound to
	err = os.Chmod(fresh, 0o600)
	if err == nil {
		err = os.Rename(fresh, socketPath(runtimeDir))
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

type listener struct {
	*net.UnixListener
	path string
	lock *os.File
	once sync.Once
	err  error
}

// Close removes the socket and then lets go of the folder.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.err = errors.Join(os.Remove(l.path), l.UnixListener.Close(), l.lock.Close())
	})
	return l.err
}
