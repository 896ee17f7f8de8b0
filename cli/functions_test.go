package cli

import (
	"context"
	"io"
	"strings"
	"testing"

	"torpor/api/apitest"
)

func TestVerbs(t *testing.T) {
	dir := apitest.Serve(t, sampleNode())
	for _, c := range []struct {
		args        string
		code        int
		out, errors string
	}{
		{"hibernate hello", 0, "hello: hibernate done\n", ""},
		{"wake hello thumbnails", 0, "hello: wake done\nthumbnails: wake done\n", ""},
		{"start hello", 0, "hello: start done\n", ""},
		{"stop hello", 1, "", "torpor: refused: hello is busy\n"},
		{"wake helo", 1, "", "torpor: no such function: \"helo\": did you mean \"hello\"?\n"},
		{"wake other", 1, "", "torpor: no such function: \"other\": there are hello, thumbnails\n"},
		{"wake helo thumbnails ../x", 1, "thumbnails: wake done\n",
			"torpor: no such function: \"helo\": did you mean \"hello\"?\ntorpor: no such function: \"../x\": there are hello, thumbnails\n"},
		{"why thumbnail", 1, "", "torpor: no such function: \"thumbnail\": did you mean \"thumbnails\"?\n"},
		{"logs hello", 0, "hello 100 false\n", ""},
		{"logs hello -n 3 -f", 0, "hello 3 true\n", ""},
		{"logs helo", 1, "", "torpor: no such function: \"helo\": did you mean \"hello\"?\n"},
	} {
		t.Run(c.args, func(t *testing.T) {
			torpor(t, Deps{}, append(strings.Fields(c.args), "--runtime", dir)...).is(t, c.code, c.out, c.errors)
		})
	}
}

func TestWhy(t *testing.T) {
	dir := apitest.Serve(t, sampleNode())
	torpor(t, Deps{}, "why", "hello", "--runtime", dir).is(t, 0, `hello is hibernated: idle for 40s, over its 30s
  - 1.1 MiB of 37 MiB are resident
  - 2 connections are open and quiet

WHEN                 WHAT        REASON
2026-05-04 03:02:01  woken       first byte on http
2026-05-04 03:03:01  hibernated  idle for 40s, over its 30s
`, "")
}

func TestLogsAreFollowedUntilInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := apitest.Serve(t, &apitest.Daemon{OnLogs: func(ctx context.Context, _ string, _ int, _ bool, w io.Writer) error {
		err := writeAll(w, "a line\n")
		<-ctx.Done()
		return err
	}})
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, []string{"logs", "hello", "-f", "--runtime", dir}, nil, w, io.Discard, Deps{})
	}()
	line := make([]byte, len("a line\n"))
	if _, err := io.ReadFull(r, line); err != nil || string(line) != "a line\n" {
		t.Errorf("got %q, %v", line, err)
	}
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}

func TestPlan(t *testing.T) {
	dir := apitest.Serve(t, sampleNode())
	for path, want := range map[string]result{
		"/srv/changed": {0, `+ add api
    listens on 127.0.0.1:8080
- remove old
! replace page
    command changed
~ update thumbnails
    hibernate.after: 30s to 1m
    limits.cpus: 1 to 2
1 to add, 1 to remove, 1 to replace, 1 to update, 1 as before
`, ""},
		"/srv/same": {0, "nothing to change, 1 as before\n", ""},
		"/srv/broken": {1, "", `/srv/broken/a.hcl: warning: No budget. Nothing limits memory.
/srv/broken/a.hcl:3: error: Unknown attribute. Did you mean "command"?
    comand = 1
torpor: 1 mistake in /srv/broken
`},
		"/srv/fire": {1, "", "torpor: the disk is on fire\n"},
	} {
		torpor(t, Deps{}, "plan", path, "--runtime", dir).is(t, want.code, want.out, want.errors)
	}
}

func TestPlanPathIsAbsoluteForTheDaemon(t *testing.T) {
	t.Chdir("/srv")
	dir := apitest.Serve(t, sampleNode())
	torpor(t, Deps{}, "plan", "same", "--runtime", dir).is(t, 0, "nothing to change, 1 as before\n", "")
}

func TestCompletion(t *testing.T) {
	dir := apitest.Serve(t, sampleNode())
	for args, want := range map[string]string{
		"wake|":                "hello\nthumbnails\n:4\n",
		"hibernate|hello|":     "thumbnails\n:4\n",
		"why|":                 "hello\nthumbnails\n:4\n",
		"logs|hello|":          ":4\n",
		"completion|z":         "zsh\n:4\n",
		"hib":                  "hibernate\tSend functions to sleep\n:4\n",
		"status|--j":           "--json\tfor machines\n:4\n",
		"wake|--runtime|/no|h": ":4\n",
	} {
		command := []string{"__complete"}
		if !strings.Contains(args, "--runtime") && args != "hib" {
			command = append(command, "--runtime", dir)
		}
		r := torpor(t, Deps{}, append(command, strings.Split(args, "|")...)...)
		if r.code != 0 || r.out != want {
			t.Errorf("%s: got %q, exit code %d, want %q", args, r.out, r.code, want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if r := torpor(t, Deps{}, "completion", shell); r.code != 0 || !strings.Contains(r.out, "torpor") {
			t.Errorf("%s: exit code %d: %s%s", shell, r.code, r.out, r.errors)
		}
	}
}
