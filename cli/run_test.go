package cli

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"torpor/api/apitest"
)

// supervise has what runs believe that systemd started it.
func supervise(t *testing.T) {
	t.Helper()
	path := filepath.Join(apitest.Dir(t), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
}

func TestRunRemembersBadEnds(t *testing.T) {
	supervise(t)
	dir := apitest.Dir(t)
	counts := func() bool {
		_, err := os.Stat(filepath.Join(dir, "starts.json"))
		return err == nil
	}
	bad := Deps{Run: func(context.Context, RunOptions) error {
		if !counts() {
			t.Error("a crash would be forgotten")
		}
		return errors.New("no room")
	}}
	good := Deps{Run: func(context.Context, RunOptions) error { return nil }}
	torpor(t, bad, "run", "--runtime", dir).is(t, 1, "", "torpor: no room\n")
	if !counts() {
		t.Error("a bad end was forgotten")
	}
	torpor(t, good, "run", "--runtime", dir).is(t, 0, "", "")
	if counts() {
		t.Error("a good end was not noted")
	}
}

func TestRunByHandCountsNothing(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	dir := apitest.Dir(t)
	torpor(t, Deps{Run: func(context.Context, RunOptions) error { return errors.New("no room") }}, "run", "--runtime", dir)
	if _, err := os.Stat(filepath.Join(dir, "starts.json")); err == nil {
		t.Error("it counted")
	}
}
