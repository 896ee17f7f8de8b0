package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeHost is a machine in a folder, which notes what it is told to run.
type fakeHost struct {
	dir     string
	user    bool // not root
	bare    bool // without systemd
	version int
	ran     []string
	fails   string // the command that does
}

func newHost(t *testing.T) *fakeHost { return &fakeHost{dir: t.TempDir(), version: 252} }

func (h *fakeHost) Dir() string  { return h.dir }
func (h *fakeHost) Root() bool   { return !h.user }
func (h *fakeHost) Booted() bool { return !h.bare }

func (h *fakeHost) SystemdVersion(context.Context) (int, error) { return h.version, nil }

func (h *fakeHost) Run(_ context.Context, program string, args ...string) error {
	line := commandLine(program, args)
	h.ran = append(h.ran, line)
	if line == h.fails {
		return errors.New(line + ": exit status 1\nno")
	}
	return nil
}

// path is where a file of the machine is for us.
func (h *fakeHost) path(name string) string { return filepath.Join(h.dir, name) }

func (h *fakeHost) has(name string) bool {
	_, err := os.Lstat(h.path(name))
	return err == nil
}

func (h *fakeHost) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// deps note that teardown ran, among the commands.
func (h *fakeHost) deps() Deps {
	return Deps{Host: h, Teardown: func(_ context.Context, o TeardownOptions) error {
		h.ran = append(h.ran, "teardown "+strings.TrimPrefix(o.State, h.dir)+" "+strings.TrimPrefix(o.Runtime, h.dir))
		return nil
	}}
}

// told runs a command line, and returns what was run on the machine.
func (h *fakeHost) told(t *testing.T, args ...string) (result, string) {
	t.Helper()
	h.ran = nil
	r := torpor(t, h.deps(), args...)
	return r, strings.Join(h.ran, "\n")
}

const socketFunction = `function "web" {
  image = "registry.example/web:1"
  listen "http" {
    socket = "web"
    port   = 8000
  }
}
`

func TestInstall(t *testing.T) {
	h := newHost(t)
	r, ran := h.told(t, "install")
	if r.code != 0 || r.errors != "" {
		t.Fatalf("%+v", r)
	}
	want := "systemctl daemon-reload\njournalctl --update-catalog\nsystemctl enable torpor.service\nsystemctl restart torpor.service"
	if ran != want {
		t.Errorf("ran\n%s\nwant\n%s", ran, want)
	}
	for _, says := range []string{
		"new      " + h.path("/usr/local/bin/torpor"),
		"run      systemctl restart torpor.service\n",
		"no functions are declared yet: see " + h.path("/etc/torpor/functions.hcl.example"),
	} {
		if !strings.Contains(r.out, says) {
			t.Errorf("it does not say %q:\n%s", says, r.out)
		}
	}

	r, ran = h.told(t, "install")
	if !strings.HasSuffix(ran, "systemctl enable torpor.service\nsystemctl start torpor.service") || strings.Contains(r.out, "new ") {
		t.Errorf("once more it ran\n%s\nand said\n%s", ran, r.out)
	}
}

func TestInstallForTheSystemdThatIsThere(t *testing.T) {
	for version, want := range map[int]string{252: "Type=notify\n", 255: "Type=notify-reload\n"} {
		h := newHost(t)
		h.version = version
		h.told(t, "install")
		if text, err := os.ReadFile(h.path("/usr/local/lib/systemd/system/torpor.service")); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("systemd %d: no %q, %v", version, want, err)
		}
	}
}

func TestInstallOpensSockets(t *testing.T) {
	h := newHost(t)
	h.write(t, "/etc/torpor/f.hcl", socketFunction)
	r, ran := h.told(t, "install")
	if r.code != 0 || !strings.HasSuffix(ran, "systemctl enable torpor.service torpor-web.socket\nsystemctl restart torpor.service") {
		t.Errorf("%+v ran\n%s", r, ran)
	}
	if !h.has("/etc/systemd/system/torpor-web.socket") || !strings.Contains(r.out, "torpor-web.socket") {
		t.Errorf("no unit: %s", r.out)
	}

	h.write(t, "/etc/torpor/f.hcl", strings.ReplaceAll(socketFunction, "8000", "8001"))
	_, ran = h.told(t, "install")
	if !strings.HasSuffix(ran, "systemctl stop torpor-web.socket torpor.service\nsystemctl start torpor.service") {
		t.Errorf("for another address it ran\n%s", ran)
	}
}

func TestInstallWithABrokenConfiguration(t *testing.T) {
	h := newHost(t)
	h.write(t, "/etc/torpor/f.hcl", "function {")
	r, ran := h.told(t, "install")
	if r.code != 0 || !strings.Contains(r.errors, "sockets are left as they are, as there are mistakes in "+h.path("/etc/torpor")) {
		t.Errorf("%+v", r)
	}
	if !strings.HasSuffix(ran, "systemctl restart torpor.service") {
		t.Errorf("ran\n%s", ran)
	}
}

func TestInstallIntoAFolder(t *testing.T) {
	h, root := newHost(t), t.TempDir()
	h.user, h.bare, h.version = true, true, 255
	r, ran := h.told(t, "install", "--root", root, "--prefix", "/usr")
	if r.code != 0 || ran != "" {
		t.Errorf("%+v ran %q", r, ran)
	}
	text, err := os.ReadFile(filepath.Join(root, "/usr/lib/systemd/system/torpor.service"))
	if err != nil || !strings.Contains(string(text), "ExecStart=/usr/bin/torpor run\n") || strings.Contains(string(text), "notify-reload") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestInstallWithoutStarting(t *testing.T) {
	h := newHost(t)
	h.bare = true
	r, ran := h.told(t, "install", "--no-start")
	if r.code != 0 || ran != "" || !h.has("/usr/local/bin/torpor") {
		t.Errorf("%+v ran %q", r, ran)
	}
}

func TestDryRunsChangeNothing(t *testing.T) {
	h := newHost(t)
	h.user, h.bare = true, true
	h.write(t, "/etc/torpor/f.hcl", socketFunction)
	r, ran := h.told(t, "install", "--dry-run")
	if r.code != 0 || ran != "" || h.has("/usr") || h.has("/etc/systemd") {
		t.Errorf("%+v ran %q", r, ran)
	}
	for _, says := range []string{"new      " + h.path("/usr/local/bin/torpor"), "run      systemctl enable torpor.service torpor-web.socket", "torpor-web.socket  "} {
		if !strings.Contains(r.out, says) {
			t.Errorf("it does not say %q:\n%s", says, r.out)
		}
	}

	h.user, h.bare = false, false
	h.told(t, "install")
	r, ran = h.told(t, "uninstall", "--dry-run", "--purge")
	if r.code != 0 || ran != "" || !h.has("/usr/local/bin/torpor") || !h.has("/etc/systemd/system/torpor-web.socket") {
		t.Errorf("%+v ran %q", r, ran)
	}
	for _, says := range []string{"removed  " + h.path("/usr/local/bin/torpor"), "run      systemctl disable --now torpor-web.socket torpor.service\n", "run      torpor teardown\n"} {
		if !strings.Contains(r.out, says) {
			t.Errorf("it does not say %q:\n%s", says, r.out)
		}
	}
}

func TestInstallIsRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, h *fakeHost)
		says    string
	}{
		{"to users", func(_ *testing.T, h *fakeHost) { h.user = true }, "torpor: only root may write below /usr/local: try again with sudo"},
		{"without systemd", func(_ *testing.T, h *fakeHost) { h.bare = true }, "torpor: systemd is not PID 1 here: install into an image with --root DIR"},
		{"beside a package", func(t *testing.T, h *fakeHost) { h.write(t, "/usr/lib/systemd/system/torpor.service", "") }, "torpor: torpor is installed here in another way already, as "},
		{"over others' files", func(t *testing.T, h *fakeHost) { h.write(t, "/usr/local/bin/torpor", "#!/bin/sh\n") }, "/usr/local/bin/torpor: move away what is to be kept, or overwrite it with --force"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHost(t)
			c.prepare(t, h)
			r, ran := h.told(t, "install")
			if r.code != 1 || !strings.Contains(r.errors, c.says) || ran != "" || h.has("/usr/local/lib") {
				t.Errorf("%+v ran %q", r, ran)
			}
		})
	}
}

func TestInstallToAnotherPrefix(t *testing.T) {
	r, _ := newHost(t).told(t, "install", "--prefix", "/opt")
	if r.code != 2 || !strings.Contains(r.errors, "systemd looks for units below /usr/local and /usr only") {
		t.Errorf("%+v", r)
	}
}

func TestInstallThatDoesNotStart(t *testing.T) {
	h := newHost(t)
	h.fails = "systemctl restart torpor.service"
	r, _ := h.told(t, "install")
	if r.code != 1 || !strings.Contains(r.errors, "torpor: systemctl restart torpor.service: exit status 1\ntorpor: no\n") {
		t.Errorf("%+v", r)
	}
}

func TestUninstall(t *testing.T) {
	h := newHost(t)
	h.write(t, "/etc/torpor/f.hcl", socketFunction)
	h.write(t, "/var/lib/torpor/images/x", "x")
	h.told(t, "install")
	r, ran := h.told(t, "uninstall")
	want := "systemctl disable --now torpor-web.socket torpor.service\nteardown /var/lib/torpor /run/torpor\nsystemctl stop torpor.slice\nsystemctl daemon-reload\njournalctl --update-catalog"
	if r.code != 0 || r.errors != "" || ran != want {
		t.Errorf("%+v ran\n%s\nwant\n%s", r, ran, want)
	}
	for _, gone := range []string{"/usr", "/etc/systemd/system/torpor-web.socket", "/run/torpor"} {
		if h.has(gone) {
			t.Errorf("%s is left", gone)
		}
	}
	for _, kept := range []string{"/etc/torpor/f.hcl", "/var/lib/torpor/images/x"} {
		if !h.has(kept) {
			t.Errorf("%s is gone", kept)
		}
	}
	if !strings.HasSuffix(r.out, "kept     "+h.path("/etc/torpor")+"\nkept     "+h.path("/var/lib/torpor")+"\n") {
		t.Errorf("it said\n%s", r.out)
	}

	r, ran = h.told(t, "uninstall")
	if r.code != 1 || ran != "" || !strings.Contains(r.errors, "torpor install has put nothing here") {
		t.Errorf("once more: %+v ran %q", r, ran)
	}
}

func TestUninstallWithTheState(t *testing.T) {
	h := newHost(t)
	h.write(t, "/var/lib/torpor/images/x", "x")
	h.told(t, "install")
	if r, _ := h.told(t, "uninstall", "--purge"); r.code != 0 || h.has("/var/lib/torpor") {
		t.Errorf("%+v", r)
	}
}

// TestUninstallGoesOn has a systemd that does not know the unit any more.
func TestUninstallGoesOn(t *testing.T) {
	h := newHost(t)
	h.told(t, "install")
	h.fails = "systemctl disable --now torpor.service"
	r, _ := h.told(t, "uninstall")
	if r.code != 0 || !strings.Contains(r.errors, h.fails) || h.has("/usr/local/bin/torpor") {
		t.Errorf("%+v", r)
	}
}

func TestUninstallStopsBeforeItRemoves(t *testing.T) {
	h := newHost(t)
	h.told(t, "install")
	d := h.deps()
	d.Teardown = func(context.Context, TeardownOptions) error { return errors.New("a function would not end") }
	torpor(t, d, "uninstall").code1(t, "torpor: a function would not end\n")
	if !h.has("/usr/local/bin/torpor") {
		t.Error("it is gone all the same")
	}
	h.user = true
	r, _ := h.told(t, "uninstall")
	r.code1(t, "torpor: only root may remove files below /usr/local: try again with sudo, or see what would be done with --dry-run\n")
}

// code1 wants a refusal that says this.
func (r result) code1(t *testing.T, errors string) {
	t.Helper()
	if r.code != 1 || r.errors != errors {
		t.Errorf("got %d, %s, want %s", r.code, r.errors, errors)
	}
}

func TestUnits(t *testing.T) {
	h := newHost(t)
	h.write(t, "/etc/torpor/f.hcl", socketFunction)
	dir, config := h.path("/units"), h.path("/etc/torpor")
	unit := filepath.Join(dir, "torpor-web.socket")
	torpor(t, Deps{}, "units", dir, "--config", config).is(t, 0, "new      "+unit+`  listens on 127.0.0.1:8000, as the declaration has no address
now run: systemctl daemon-reload && systemctl enable torpor-web.socket && systemctl restart torpor.service
`, "")
	torpor(t, Deps{}, "units", dir, "--config", config).is(t, 0, "same     "+unit+"  listens on 127.0.0.1:8000, as the declaration has no address\n", "")

	h.write(t, "/etc/torpor/f.hcl", strings.ReplaceAll(socketFunction, `port `, "address = \"127.0.0.1:9000\"\nport "))
	torpor(t, Deps{}, "units", dir, "--config", config).is(t, 0, "changed  "+unit+`  listens on 127.0.0.1:9000
now run: systemctl daemon-reload && systemctl enable torpor-web.socket && systemctl stop torpor-web.socket torpor.service && systemctl start torpor.service
`, "")

	h.write(t, "/etc/torpor/f.hcl", "node {}")
	torpor(t, Deps{}, "units", dir, "--config", config).is(t, 0, "removed  "+unit+`
now run: systemctl daemon-reload && systemctl stop torpor-web.socket torpor.service && systemctl start torpor.service
`, "")
	torpor(t, Deps{}, "units", dir, "--config", config).is(t, 0, "no listener has a socket: nothing to write\n", "")
}

func TestUnitsOfABrokenConfiguration(t *testing.T) {
	h := newHost(t)
	h.write(t, "/etc/torpor/f.hcl", socketFunction)
	dir, config := h.path("/units"), h.path("/etc/torpor")
	torpor(t, Deps{}, "units", dir, "--config", config)
	h.write(t, "/etc/torpor/f.hcl", "functoin \"web\" {\n}\n")
	r := torpor(t, Deps{}, "units", dir, "--config", config)
	if r.code != 1 || !strings.Contains(r.errors, "Did you mean \"function\"?") || !strings.HasSuffix(r.errors, "torpor: 1 mistake found: no unit was touched\n") {
		t.Errorf("%+v", r)
	}
	if !h.has("/units/torpor-web.socket") {
		t.Error("its unit is gone")
	}
}
