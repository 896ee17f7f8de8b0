package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime/debug"
	"strings"
	"testing"

	"torpor/api"
	"torpor/api/apitest"
	"torpor/doctor"
)

func TestRunPassesItsOptions(t *testing.T) {
	t.Chdir("/srv")
	var got []string
	d := Deps{Run: func(_ context.Context, o RunOptions) error {
		got = append(got, o.Config, o.State, o.Runtime)
		o.Log.Debug("a debug line")
		o.Log.Info("an info line", "field", 1)
		return nil
	}}
	r := torpor(t, d, "run")
	if r.code != 0 || !strings.Contains(r.errors, `level=INFO msg="an info line" field=1`) || strings.Contains(r.errors, "debug") {
		t.Errorf("got %+v", r)
	}
	r = torpor(t, d, "run", "--config", "c", "--state", "/s", "--runtime", "r/", "--log-level", "debug", "--log-format", "json")
	if r.code != 0 || !strings.Contains(r.errors, `"msg":"a debug line"`) {
		t.Errorf("got %+v", r)
	}
	if want := "/etc/torpor /var/lib/torpor /run/torpor /srv/c /s /srv/r"; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
}

func TestRunFails(t *testing.T) {
	d := Deps{Run: func(context.Context, RunOptions) error { return errors.New("no room") }}
	torpor(t, d, "run").is(t, 1, "", "torpor: no room\n")
}

func TestRunLogsInColourOnATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	master, slave := openTerminal(t, 100, 24)
	d := Deps{Run: func(_ context.Context, o RunOptions) error {
		o.Log.Warn("careful")
		return nil
	}}
	Main(t.Context(), []string{"run"}, nil, io.Discard, slave, d)
	slave.Close()
	if got := readAll(master); !strings.Contains(got, "\x1b[") || !strings.Contains(got, "careful") {
		t.Errorf("got %q", got)
	}
}

func TestTeardown(t *testing.T) {
	dir := apitest.Dir(t)
	called := 0
	d := Deps{Teardown: func(_ context.Context, o TeardownOptions) error {
		called++
		if o.State != "/var/lib/torpor" || o.Runtime != dir || o.Log == nil {
			t.Errorf("got %+v", o)
		}
		if _, err := api.Listen(dir); !errors.Is(err, api.ErrRefused) {
			t.Errorf("a daemon can start meanwhile: %v", err)
		}
		return nil
	}}
	torpor(t, d, "teardown", "--runtime", dir).is(t, 0, "", "")
	l, err := api.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	torpor(t, d, "teardown", "--runtime", dir).is(t, 1, "",
		"torpor: a daemon runs at "+dir+" already: stop it first, or give another --runtime folder\n")
	if called != 1 {
		t.Errorf("called %d times", called)
	}
}

func TestDoctor(t *testing.T) {
	findings := []doctor.Finding{
		{Name: "kernel", Status: doctor.OK, Found: "6.1.0"},
		{Name: "kvm", Status: doctor.Warn, Found: "no /dev/kvm", Advice: "load kvm_amd"},
		{Name: "disk space", Status: doctor.Fail, Found: "0 B free", Advice: "free some"},
	}
	d := Deps{Doctor: func(_ context.Context, o doctor.Options) []doctor.Finding {
		if o.State != "/s" || o.Runtime != "/r" {
			t.Errorf("got %+v", o)
		}
		return findings
	}}
	const sentence = "torpor: 1 check failed: torpor does not work here as it is\n"
	torpor(t, d, "doctor", "--state", "/s", "--runtime", "/r").is(t, 1, `✓ kernel      6.1.0
! kvm         no /dev/kvm
              load kvm_amd
✗ disk space  0 B free
              free some
`, sentence)
	r := torpor(t, d, "doctor", "--state", "/s", "--runtime", "/r", "--json")
	var got []doctor.Finding
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || len(got) != 3 || got[2] != findings[2] || r.code != 1 || r.errors != sentence {
		t.Errorf("got %+v, %v", r, err)
	}
	findings = findings[:2]
	if r := torpor(t, d, "doctor", "--state", "/s", "--runtime", "/r"); r.code != 0 || r.errors != "" {
		t.Errorf("got %+v", r)
	}
}

func TestVersion(t *testing.T) {
	r := torpor(t, Deps{Version: "1.2.3"}, "version")
	if r.code != 0 || !strings.HasPrefix(r.out, "torpor 1.2.3 (go1.") {
		t.Errorf("got %+v", r)
	}
	r = torpor(t, Deps{Version: "1.2.3"}, "version", "--json")
	var v version
	if err := json.Unmarshal([]byte(r.out), &v); err != nil || v.Version != "1.2.3" || v.Go == "" {
		t.Errorf("got %+v, %v", r, err)
	}
	info := &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: "v0.9"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}}
	if got, want := newVersion("", info).String(), "torpor v0.9 (go1.26, revision abc, modified)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := newVersion("", nil).Version; got != "(devel)" {
		t.Errorf("got %q", got)
	}
}
