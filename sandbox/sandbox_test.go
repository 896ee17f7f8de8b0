package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFolderKeepsRecords(t *testing.T) {
	f, err := NewFolder(t.TempDir() + "/sandboxes")
	if err != nil {
		t.Fatal(err)
	}
	type record struct{ PID int }
	var got record
	if err := f.Load("a", &got); !errors.Is(err, ErrGone) {
		t.Errorf("loading what was never saved: %v", err)
	}
	if err := f.Save("a", record{1}); err == nil {
		t.Error("saved without a folder")
	}
	if err := os.Mkdir(f.Path("a"), 0o700); err != nil {
		t.Fatal(err)
	}
	for pid := range 2 {
		if err := f.Save("a", record{pid}); err != nil {
			t.Fatal(err)
		}
		if err := f.Load("a", &got); err != nil || got.PID != pid {
			t.Errorf("saved %d, loaded %+v, %v", pid, got, err)
		}
	}
	if err := os.WriteFile(f.Path("a")+"/"+recordFile, []byte(`{"PID`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Load("a", &got); err == nil || errors.Is(err, ErrGone) {
		t.Errorf("loading half a record: %v", err)
	}
	if ids, err := f.List(); err != nil || len(ids) != 1 || ids[0] != "a" {
		t.Errorf("listed %q, %v", ids, err)
	}
	if err := f.Forget("a", nil); err != nil {
		t.Fatal(err)
	}
	if ids, err := f.List(); err != nil || len(ids) != 0 {
		t.Errorf("listed %q after the end, %v", ids, err)
	}
}

func TestExitIsSeen(t *testing.T) {
	cmd := exec.Command("sh", "-c", "read line; exit 3")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := StartTime(cmd.Process.Pid)
	if started == "" || started == StartTime(1) {
		t.Errorf("started at %q, as the first process", started)
	}
	var last atomic.Bool
	e, err := WatchExit(cmd.Process.Pid, func() { last.Store(true) })
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	select {
	case <-e.Done():
		t.Fatal("ended before its time")
	default:
	}
	stdin.Close()
	<-e.Done()
	if status, known := e.Status(); !known || status.ExitStatus() != 3 || !last.Load() {
		t.Errorf("status %v, known %v, last words %v", status, known, last.Load())
	}
	if now := StartTime(cmd.Process.Pid); now == started {
		t.Error("an ended process has a start time")
	}
	if _, err := WatchExit(cmd.Process.Pid, nil); !errors.Is(err, unix.ESRCH) {
		t.Errorf("watching an ended process: %v", err)
	}
}

func TestStandby(t *testing.T) {
	var made, discarded atomic.Int32
	s := NewStandby(func() (int32, error) { return made.Add(1), nil }, func(int32) { discarded.Add(1) })
	for range 3 {
		s.Prepare()
	}
	s.making.Wait()
	if one, err := s.Take(); err != nil || one == 0 {
		t.Errorf("took %d, %v", one, err)
	}
	if one, err := s.Take(); err != nil || one != made.Load() {
		t.Errorf("took %d of %d, %v", one, made.Load(), err)
	}
	s.Prepare()
	s.Close()
	if made, kept := made.Load(), made.Load()-discarded.Load(); kept != 2 {
		t.Errorf("%d made, %d neither taken nor discarded", made, kept-2)
	}
}
