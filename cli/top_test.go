package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"torpor/api"
	"torpor/api/apitest"
)

func TestTopWithoutATerminalShowsOnce(t *testing.T) {
	dir := apitest.Serve(t, sampleNode())
	status := torpor(t, Deps{}, "status", "--runtime", dir)
	torpor(t, Deps{}, "top", "--runtime", dir).is(t, 0, status.out, "")
}

func TestTopOnATerminal(t *testing.T) {
	for name, key := range map[string]string{"q": "q", "Ctrl-C": "\x03", "other keys, then q": "xyzq"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "1")
			master, slave := openTerminal(t, 100, 24)
			drawn := 0
			daemon := &apitest.Daemon{OnStatus: func(context.Context) (api.Status, error) {
				switch drawn++; drawn { // the first is before anything is drawn
				case 2:
					master.WriteString("x") // it is drawn again
				case 3:
					master.WriteString(key)
				}
				return sampleStatus(), nil
			}}
			dir, code := apitest.Serve(t, daemon), make(chan int, 1)
			go func() {
				defer slave.Close()
				code <- Main(t.Context(), []string{"top", "--runtime", dir}, slave, slave, io.Discard, Deps{})
			}()
			screen := readAll(master)
			if got := <-code; got != 0 {
				t.Errorf("exit code %d", got)
			}
			if !strings.HasPrefix(screen, enterScreen+topLeft+"memory 37.2 MiB") || !strings.HasSuffix(screen, clearBelow+leaveScreen) {
				t.Errorf("got %q", screen)
			}
			if got := strings.Count(screen, "hello"); got < 2 {
				t.Errorf("drawn %d times", got)
			}
		})
	}
}

func TestTopEndsWithItsContext(t *testing.T) {
	master, slave := openTerminal(t, 100, 24)
	ctx, cancel := context.WithCancel(t.Context())
	go io.Copy(io.Discard, master)
	calls := 0
	dir := apitest.Serve(t, &apitest.Daemon{OnStatus: func(context.Context) (api.Status, error) {
		if calls++; calls == 2 {
			cancel()
			master.WriteString("x") // or a second would go by
		}
		return sampleStatus(), nil
	}})
	if code := Main(ctx, []string{"top", "--runtime", dir}, slave, slave, io.Discard, Deps{}); code != 0 {
		t.Errorf("exit code %d", code)
	}
	slave.Close()
}

func TestTopCutsToTheHeight(t *testing.T) {
	master, slave := openTerminal(t, 100, 6)
	s := sampleStatus()
	for i := range 20 {
		s.Functions = append(s.Functions, api.Function{Name: fmt.Sprint("f", i)})
	}
	dir := apitest.Serve(t, &apitest.Daemon{OnStatus: func(context.Context) (api.Status, error) { return s, nil }})
	a := &app{stdout: &output{w: slave}, runtimeDir: dir}
	if err := a.draw(t.Context()); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	if screen := readAll(master); strings.Count(screen, "\n") != 5 || !strings.Contains(screen, "… and 21 more") {
		t.Errorf("got %q", screen)
	}
}

func TestStatusOnATerminalHeedsNoColor(t *testing.T) {
	dir := apitest.Serve(t, sampleNode())
	for noColor, coloured := range map[string]bool{"": true, "1": false} {
		t.Setenv("NO_COLOR", noColor)
		t.Setenv("TERM", "xterm")
		master, slave := openTerminal(t, 100, 24)
		Main(t.Context(), []string{"status", "--runtime", dir}, strings.NewReader(""), slave, io.Discard, Deps{})
		slave.Close()
		if got := strings.Contains(readAll(master), "\x1b["); got != coloured {
			t.Errorf("NO_COLOR=%q: colours: %v", noColor, got)
		}
	}
}

// openTerminal makes a pseudo-terminal.
func openTerminal(t *testing.T, columns, lines uint16) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: columns})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// readAll reads until the other end is closed, without the carriage returns
// that a terminal adds.
func readAll(master *os.File) string {
	var b bytes.Buffer
	_, _ = io.Copy(&b, master) // it ends with EIO
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}
