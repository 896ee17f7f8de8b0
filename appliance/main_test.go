package appliance_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"torpor/appliance"
	"torpor/gvisor"
	"torpor/systemd"
)

// daemonRole in the environment makes the test binary a daemon with the folders
// that its arguments name. Being a process of its own, it can be killed.
const daemonRole = "TORPOR_TEST_DAEMON"

// journalDir in the environment names the folder of a journald that takes the
// daemon's log and the functions' output.
const journalDir = "TORPOR_TEST_JOURNAL"

// rootfs is a folder with nothing but the static program of testdata/function.
var rootfs string

func TestMain(m *testing.M) {
	if code, ok := gvisor.RunChildRole(); ok {
		os.Exit(code)
	}
	if os.Getenv(daemonRole) != "" {
		os.Exit(daemon(os.Args[1], os.Args[2], os.Args[3]))
	}
	os.Exit(tests(m))
}

func daemon(config, state, runtime string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	o := appliance.Options{Config: config, State: state, Runtime: runtime}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if dir := os.Getenv(journalDir); dir != "" {
		journal, err := systemd.OpenJournal(filepath.Join(dir, "socket"))
		if err != nil {
			log.Error("no journal", "error", err)
			return 1
		}
		defer journal.Close(patience)
		log = slog.New(systemd.NewJournalHandler(journal, slog.LevelInfo, log.Handler()))
		o.Journal = filepath.Join(dir, "stdout")
	}
	o.Log = log
	if err := appliance.Run(ctx, o); err != nil {
		log.Error("daemon failed", "error", err)
		return 1
	}
	return 0
}

func tests(m *testing.M) int {
	dir, err := os.MkdirTemp("/tmp", "tp-root")
	if err == nil {
		defer os.RemoveAll(dir)
		rootfs = dir
		err = build(filepath.Join(dir, "function"))
	}
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build(program string) error {
	cmd := exec.Command("go", "build", "-o", program, "./testdata/function")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the function: %w\n%s", err, out)
	}
	return nil
}
