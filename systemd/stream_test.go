package systemd

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestStreamIntroducesItself(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "stdout")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	fd, err := Stream{Socket: socket, Identifier: "hello", Unit: "torpor-hello.scope"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(fd, []byte("<3>it is late\n")); err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if want := "hello\ntorpor-hello.scope\n6\n1\n0\n0\n0\n<3>it is late\n"; string(got) != want {
		t.Errorf("journald gets %q, want %q", got, want)
	}
}

func TestStreamWithoutJournald(t *testing.T) {
	_, err := Stream{Socket: filepath.Join(t.TempDir(), "stdout"), Identifier: "hello"}.Open()
	if err == nil || !strings.Contains(err.Error(), "journal stream of hello: connecting to ") {
		t.Errorf("got %v", err)
	}
}
