package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// shares is a function that uses what the host shows it.
func shares() {
	syscall.Umask(0)
	check("share: file", checkText("/run/secrets/token", "a secret"))
	check("share: read-only", checkReadOnly())
	check("share: permissions", wantError(readError("/data/secret"), fs.ErrPermission))
	check("share: links stay inside", wantError(readError("/data/way-out"), fs.ErrNotExist))
	check("share: files", useFile())
	check("share: folders", useFolder())
	check("share: many entries", useMany())
	check("share: without a name", useUnlinked())
	check("share: rename and link", useNames())
	check("share: times", useTimes())
	check("share: mapped", useMapped())
	check("share: big", useBig())
	check("share: host's changes", seeChanges())
}

func readError(path string) error {
	_, err := os.ReadFile(path)
	return err
}

func wantError(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("got %v, want %v", err, want)
}

func checkReadOnly() error {
	return errors.Join(checkText("/fixed/file", "fixed"),
		wantError(os.WriteFile("/fixed/file", nil, 0o644), unix.EROFS),
		wantError(os.WriteFile("/fixed/new", nil, 0o644), unix.EROFS),
		wantError(os.Remove("/fixed/file"), unix.EROFS))
}

func useFile() error {
	f, err := os.OpenFile("/data/made", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = f.WriteString("made, and more")
	if err := errors.Join(err, f.Truncate(4), f.Sync(), f.Close()); err != nil {
		return err
	}
	if _, err := os.OpenFile("/data/made", os.O_CREATE|os.O_EXCL, 0); !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("made twice: %v", err)
	}
	f, err = os.OpenFile("/data/made", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("appended")
	return errors.Join(err, f.Close(), checkText("/data/made", "madeappended"))
}

func useFolder() error {
	if err := errors.Join(os.Mkdir("/data/folder", 0o750), os.MkdirAll("/data/a/b/c", 0o700), os.WriteFile("/data/a/b/c/d", []byte("deep"), 0o600)); err != nil {
		return err
	}
	return errors.Join(checkText("/data/a/b/c/d", "deep"), wantError(os.Remove("/data/a"), unix.ENOTEMPTY), os.RemoveAll("/data/a"),
		wantError(readError("/data/a"), fs.ErrNotExist))
}

func useMany() error {
	const n = 700
	if err := os.Mkdir("/data/many", 0o700); err != nil {
		return err
	}
	for i := range n {
		if err := os.WriteFile(fmt.Sprintf("/data/many/a-rather-long-name-%d", i), nil, 0o600); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir("/data/many")
	return errors.Join(err, want(len(entries), n), os.RemoveAll("/data/many"))
}

func useUnlinked() error {
	f, err := os.OpenFile("/data/temporary", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	got := make([]byte, 4)
	_, err = f.WriteString("gone")
	err = errors.Join(err, os.Remove("/data/temporary"))
	if _, e := f.ReadAt(got, 0); e != nil {
		return errors.Join(err, e)
	}
	info, e := f.Stat()
	if e != nil {
		return errors.Join(err, e)
	}
	return errors.Join(err, want(string(got), "gone"), want(info.Size(), 4))
}

func useNames() error {
	err := errors.Join(os.WriteFile("/data/one", []byte("1"), 0o600), os.WriteFile("/data/two", []byte("2"), 0o600),
		os.Rename("/data/one", "/data/two"), checkText("/data/two", "1"), os.Link("/data/two", "/data/three"),
		os.Symlink("three", "/data/four"), checkText("/data/four", "1"), unix.Mkfifo("/data/fifo", 0o600),
		os.Rename("/data/three", "/data/folder/three"), wantError(readError("/data/four"), fs.ErrNotExist))
	var a, b unix.Stat_t
	err = errors.Join(err, unix.Stat("/data/two", &a), unix.Stat("/data/folder/three", &b))
	return errors.Join(err, want(a.Ino, b.Ino), want(b.Nlink, 2))
}

func useTimes() error {
	at := time.Unix(1_000_000_000, 123_456_789)
	if err := errors.Join(os.WriteFile("/data/timed", nil, 0o600), os.Chtimes("/data/timed", at, at), os.Chmod("/data/timed", 0o604)); err != nil {
		return err
	}
	info, err := os.Stat("/data/timed")
	if err != nil {
		return err
	}
	return errors.Join(want(info.ModTime().UnixNano(), at.UnixNano()), want(info.Mode().Perm(), 0o604))
}

// useMapped writes through a mapping only, and leaves the rest to whoever ends it.
func useMapped() error {
	f, err := os.OpenFile("/data/mapped", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(8192); err != nil {
		return err
	}
	m, err := unix.Mmap(int(f.Fd()), 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	copy(m, bytes.Repeat([]byte("m"), 8192))
	return unix.Munmap(m)
}

func useBig() error {
	sent := make([]byte, 3<<20+17)
	_, _ = rand.Read(sent)
	if err := os.WriteFile("/data/big", sent, 0o600); err != nil {
		return err
	}
	got, err := os.ReadFile("/data/big")
	if err == nil && !bytes.Equal(got, sent) {
		err = fmt.Errorf("wrote %d bytes, read %d, or others", len(sent), len(got))
	}
	return err
}

func seeChanges() error {
	if err := os.WriteFile("/data/kept", []byte("old"), 0o600); err != nil {
		return err
	}
	f, err := os.Open("/data/kept")
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Println("write from the host")
	if err := awaitText("/data/from-host", "new"); err != nil {
		return err
	}
	if err := awaitText("/data/kept", "changed"); err != nil {
		return err
	}
	fmt.Println("write again")
	return awaitText("/data/kept", "changed again")
}

func awaitText(path, text string) error {
	var err error
	for began := time.Now(); time.Since(began) < hang; time.Sleep(10 * time.Millisecond) {
		if err = checkText(path, text); err == nil {
			return nil
		}
	}
	return err
}
