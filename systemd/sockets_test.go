package systemd

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestMain is also the activated child: it tells what it was handed.
func TestMain(m *testing.M) {
	if os.Getenv("TORPOR_TEST_ACTIVATED") == "" {
		os.Exit(m.Run())
	}
	sockets, _ := Sockets()
	for _, name := range []string{"web", "dns", "none"} {
		for _, f := range sockets[name] {
			var text [16]byte
			n, _ := f.Read(text[:])
			fmt.Printf("%s=%s ", name, text[:n])
		}
	}
	fmt.Printf("%d names, LISTEN_FDS=%s", len(sockets), os.Getenv("LISTEN_FDS"))
}

func TestSocketsByName(t *testing.T) {
	got := activated(t, "web:dns:web", "1", "2", "3")
	if want := "web=1 web=3 dns=2 2 names, LISTEN_FDS="; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoSockets(t *testing.T) {
	if got, want := activated(t, ""), "0 names, LISTEN_FDS="; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// activated runs this binary as systemd would start a service, with descriptors
// that the texts can be read from. The shell sets LISTEN_PID to the process that
// it then becomes.
func activated(t *testing.T, names string, texts ...string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprint("LISTEN_FDS=", len(texts)), "LISTEN_FDNAMES="+names, "TORPOR_TEST_ACTIVATED=1")
	for _, text := range texts {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := w.WriteString(text); err != nil {
			t.Fatal(err)
		}
		w.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, r)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
