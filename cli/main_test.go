package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"torpor/api"
	"torpor/api/apitest"
)

// result is what one call of Main left.
type result struct {
	code        int
	out, errors string
}

// torpor runs a command line.
func torpor(t *testing.T, d Deps, args ...string) result {
	t.Helper()
	return torporWith(t.Context(), "", d, args...)
}

func torporWith(ctx context.Context, stdin string, d Deps, args ...string) result {
	var out, errors bytes.Buffer
	code := Main(ctx, args, strings.NewReader(stdin), &out, &errors, d)
	return result{code: code, out: out.String(), errors: errors.String()}
}

func (r result) is(t *testing.T, code int, out, errors string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, c := range []struct{ name, got, want string }{{"stdout", r.out, out}, {"stderr", r.errors, errors}} {
		if c.got != c.want {
			t.Errorf("%s is\n%s\nwant\n%s", c.name, c.got, c.want)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for _, c := range []struct{ args, says, usage string }{
		{"stauts", `no command "stauts": did you mean "status"?`, "torpor COMMAND"},
		{"stauts --json", `no command "stauts": did you mean "status"?`, "torpor COMMAND"},
		{"unrelated", `no command "unrelated"`, "torpor COMMAND"},
		{"help stauts", `no command "stauts": did you mean "status"?`, "torpor COMMAND"},
		{"--jsno", `torpor has no flag --jsno`, "torpor COMMAND"},
		{"status --jsno", `status has no flag --jsno: did you mean "--json"?`, "torpor status [--json]"},
		{"status -x", `status has no flag -x`, "torpor status [--json]"},
		{"status hello", `status takes no argument "hello"`, "torpor status [--json]"},
		{"status --runtime", `flag needs an argument: --runtime`, "torpor status [--json]"},
		{"check", "check needs the PATH of a file or folder", "torpor check PATH... [--json]"},
		{"wake", "wake needs the NAME of a function", "torpor wake NAME..."},
		{"why", "why needs the NAME of a function", "torpor why NAME"},
		{"why a b", `why takes no argument "b"`, "torpor why NAME"},
		{"logs", "logs needs the NAME of a function", "torpor logs NAME [-n LINES] [-f]"},
		{"logs x -n -1", "-n is a number of lines, 0 or more, not -1", "torpor logs NAME [-n LINES] [-f]"},
		{"completion", "completion needs the name of a shell", "torpor completion bash|zsh|fish"},
		{"completion bahs", `no completion for "bahs": did you mean "bash"?`, "torpor completion bash|zsh|fish"},
		{"run --log-level wran", `no log level "wran": did you mean "warn"?`, "torpor run [--config DIR] [--state DIR] [--runtime DIR]"},
		{"run --log-format jsn", `no log format "jsn": did you mean "json"?`, "torpor run [--config DIR] [--state DIR] [--runtime DIR]"},
	} {
		t.Run(c.args, func(t *testing.T) {
			torpor(t, Deps{}, strings.Fields(c.args)...).is(t, 2, "", "torpor: "+c.says+"\nusage: "+c.usage+"\n")
		})
	}
}

func TestNoCommandShowsHelp(t *testing.T) {
	r := torpor(t, Deps{})
	if r.code != 2 || r.out != "" || !strings.HasSuffix(r.errors, "\ntorpor: which command?\nusage: torpor COMMAND\n") {
		t.Errorf("got %+v", r)
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	all := []string{"run", "status", "top", "reload", "doctor", "teardown", "start", "hibernate", "wake", "stop", "why", "logs",
		"check", "fmt", "plan", "install", "units", "uninstall", "version", "completion"}
	help := torpor(t, Deps{}, "--help").out
	for _, name := range all {
		if !strings.Contains(help, "\n  "+name+" ") {
			t.Errorf("--help does not list %s:\n%s", name, help)
		}
		r := torpor(t, Deps{}, name, "--help")
		if r.code != 0 || r.errors != "" || !strings.Contains(r.out, "Examples:\n") {
			t.Errorf("%s --help: %+v", name, r)
		}
		if other := torpor(t, Deps{}, "help", name); other.out != r.out {
			t.Errorf("help %s says\n%s", name, other.out)
		}
	}
}

func TestNoDaemon(t *testing.T) {
	dir := filepath.Join(apitest.Dir(t), "none")
	for _, command := range []string{"status", "top", "reload", "plan", "why x", "logs x", "hibernate x y", "wake x", "stop x", "start x"} {
		args := append(strings.Fields(command), "--runtime", dir)
		torpor(t, Deps{}, args...).is(t, 1, "", "torpor: no daemon at "+dir+
			": start it with `torpor run` or `systemctl start torpor`, or name its --runtime folder\n")
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := apitest.Serve(t, &apitest.Daemon{OnAct: func(ctx context.Context, _ string, _ api.Verb) (string, error) {
		cancel()
		<-ctx.Done()
		return "", ctx.Err()
	}})
	torporWith(ctx, "", Deps{}, "wake", "x", "y", "--runtime", dir).is(t, 1, "", "torpor: interrupted\n")
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	dir := apitest.Serve(t, sampleNode())
	for _, command := range []string{"version", "version --json", "status", "status --json", "logs hello", "why hello", "completion bash"} {
		var errors bytes.Buffer
		args := append(strings.Fields(command), "--runtime", dir)
		code := Main(t.Context(), args, strings.NewReader(""), full, &errors, Deps{})
		if code != 1 || !strings.Contains(errors.String(), "no space left on device") {
			t.Errorf("%s: exit code %d, %s", command, code, errors.String())
		}
	}
}

func writeAll(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}
