package pressure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"torpor/cgroup"
)

// roleEnv makes the test binary a process that writes the file it names and
// reads it again and again instead of running tests.
const roleEnv = "TORPOR_TEST_READ"

func TestMain(m *testing.M) {
	if path := os.Getenv(roleEnv); path != "" {
		_, _ = io.ReadAll(os.Stdin) // until it is in its group, which is to hold the file's pages
		if err := os.WriteFile(path, make([]byte, 128<<20), 0o600); err != nil {
			panic(err)
		}
		for {
			file, err := os.Open(path)
			if err != nil {
				panic(err)
			}
			_, _ = io.Copy(io.Discard, file)
			file.Close()
		}
	}
	os.Exit(m.Run())
}

// TestWatch starves a process: its group may hold a fraction of the file that it
// reads all the time, so that it waits for pages it has just lost.
func TestWatch(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	felt := make(chan struct{}, 100)
	over := make(chan error, 1)
	watching, stop := context.WithCancel(ctx)
	go func() {
		over <- Watch(watching, Memory, 20*time.Millisecond, 2*time.Second, func() { felt <- struct{}{} })
	}()
	starve(t)
	select {
	case <-felt:
	case err := <-over:
		t.Fatalf("Watch returned: %v", err)
	case <-ctx.Done():
		t.Fatal("no pressure was felt")
	}
	stop()
	if err := <-over; err != nil {
		t.Errorf("Watch after the end of its context: %v", err)
	}
}

func starve(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	h, err := cgroup.Detect("/sys/fs/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	g, err := h.Create(fmt.Sprintf("torpor-pressure-%d", os.Getpid()), cgroup.Limits{Memory: 24 << 20})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleEnv+"="+path)
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	})
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	in.Close()
}

func TestWatchWithoutMeasurement(t *testing.T) {
	err := Watch(t.Context(), filepath.Join(t.TempDir(), "memory"), time.Second, 2*time.Second, func() {})
	if !errors.Is(err, ErrUnmeasured) {
		t.Errorf("got %v, want ErrUnmeasured", err)
	}
}
