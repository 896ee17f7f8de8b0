package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"torpor/kvm/share"
	"torpor/kvm/wire"
)

// sharesDir is not part of the initramfs, which init removes.
const sharesDir = "/shares"

// User and group of the function that has shares.
const (
	shareUser  = 33
	shareGroup = 34
)

// What the shares are, as Config.Mounts of the tests has them.
var shared = []struct {
	name     string
	writable bool
}{{"data", true}, {"read-only", false}, {"token", false}}

// servers are for streams with their numbers; made while there is a /proc.
var servers []*share.Server

func makeShares() error {
	if err := os.MkdirAll(sharesDir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", sharesDir, "tmpfs", 0, ""); err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(sharesDir, name) }
	err := errors.Join(
		os.Mkdir(at("data"), 0o755), os.Chown(at("data"), shareUser, shareGroup),
		os.WriteFile(at("data/secret"), []byte("root's"), 0o600),
		os.Mkdir(at("read-only"), 0o777), os.WriteFile(at("read-only/file"), []byte("fixed"), 0o666),
		os.Chmod(at("read-only"), 0o777), os.Chmod(at("read-only/file"), 0o666),
		os.Symlink("/shares/token", at("data/way-out")),
		os.WriteFile(at("token"), []byte("a secret"), 0o644),
	)
	if err != nil {
		return err
	}
	for _, s := range shared {
		root, err := os.OpenFile(at(s.name), unix.O_PATH, 0)
		if err != nil {
			return err
		}
		server, err := share.New(root, s.writable)
		if err != nil {
			return err
		}
		servers = append(servers, server)
	}
	return nil
}

func serveShare(f *os.File) {
	defer f.Close()
	h, err := wire.ReadShareHeader(f)
	if err != nil || int(h.Mount) >= len(servers) {
		fmt.Println("FAILED beginning a share:", h, err)
		return
	}
	if err := servers[h.Mount].Serve(f); err != nil {
		fmt.Println("share ended:", err)
	}
}

// playShares checks what the function did from the host's side.
func (h *host) playShares() error {
	if _, err := h.report(wire.Started); err != nil {
		return err
	}
	if err := h.line("write from the host"); err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(sharesDir, "data", name) }
	if err := errors.Join(os.WriteFile(at("from-host"), []byte("new"), 0o644), os.WriteFile(at("kept"), []byte("changed"), 0o644)); err != nil {
		return err
	}
	if err := h.line("write again"); err != nil {
		return err
	}
	if err := os.WriteFile(at("kept"), []byte("changed again"), 0o644); err != nil {
		return err
	}
	m, err := h.report(wire.Exited)
	if err != nil {
		return err
	}
	check("host sees", errors.Join(checkOwner(at("made"), shareUser, shareGroup, 0o640), checkOwner(at("folder"), shareUser, shareGroup, 0o750),
		checkText(at("mapped"), strings.Repeat("m", 8192)), checkText(at("made"), "madeappended")))
	return want(m.Code, 0)
}

func checkText(path, text string) error {
	data, err := os.ReadFile(path)
	if err == nil && string(data) != text {
		err = fmt.Errorf("%s has %.40q, want %.40q", path, data, text)
	}
	return err
}

func checkOwner(path string, uid, gid uint32, mode os.FileMode) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	if st.Uid != uid || st.Gid != gid || info.Mode().Perm() != mode {
		return fmt.Errorf("%s belongs to %d:%d and has mode %v", path, st.Uid, st.Gid, info.Mode())
	}
	return nil
}
