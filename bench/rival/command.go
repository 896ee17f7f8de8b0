package rival

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// commandLimit bounds a command that is to come back at once.
const commandLimit = time.Minute

// command is one that starts with the instance's control group around it: a shell waits until it is in there, and
// becomes the command.
func (p *place) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", `read go && exec "$@" </dev/null`, "sh"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C is for the bench to handle, and CRIU wants a session
	return cmd
}

// begin starts a command of the instance in its group, and gives the moment at which it became what it is.
func (p *place) begin(cmd *exec.Cmd) (time.Time, error) {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return time.Time{}, fmt.Errorf("rival: %w", err)
	}
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return time.Time{}, fmt.Errorf("rival: %w", err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log // a file: a pipe would be kept open by what stays
	if err := cmd.Start(); err != nil {
		return time.Time{}, fmt.Errorf("rival: %w", err)
	}
	if err := p.add(cmd.Process.Pid); err != nil {
		stdin.Close()
		return time.Time{}, errors.Join(err, cmd.Wait())
	}
	begin := time.Now()
	_, err = stdin.Write([]byte{'\n'})
	return begin, err
}

// do runs a command that comes back, and gives the moment at which it began.
func (p *place) do(ctx context.Context, args ...string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	cmd := p.command(ctx, args...)
	begin, err := p.begin(cmd)
	if err != nil {
		return begin, err
	}
	if err := cmd.Wait(); err != nil {
		return begin, fmt.Errorf("%s %s: %w: %s", filepath.Base(args[0]), p.function.Name, err, p.lastWords())
	}
	return begin, nil
}

// outside runs a command for the instance that is not to count as its own.
func (p *place) outside(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(args[0]), p.function.Name, err, bytes.TrimSpace(out))
	}
	return nil
}

func (p *place) log() string { return filepath.Join(p.dir, "log") }

// lastWords is the end of what its commands have printed.
func (p *place) lastWords() string {
	const much = 300
	text, _ := os.ReadFile(p.log()) // for an error that is told anyhow
	text = bytes.TrimSpace(text)
	return strings.ReplaceAll(string(text[max(0, len(text)-much):]), "\n", " ")
}

// run is for commands outside of any instance.
func run(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
