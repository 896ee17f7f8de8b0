package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestServiceUnitByVersion(t *testing.T) {
	for _, c := range []struct {
		version     int
		has, hasNot string
	}{
		{252, "Type=notify\n", "notify-reload"},
		{252, "ExecReload=/opt/100%%/torpor reload\n", "{{"},
		{253, "Type=notify-reload\n", "ExecReload"},
		{257, "ExecStart=/opt/100%%/torpor run\n", "{{"},
	} {
		text, err := ServiceUnit("/opt/100%/torpor", c.version)
		if err != nil || !strings.Contains(string(text), c.has) || strings.Contains(string(text), c.hasNot) {
			t.Errorf("for systemd %d, want %q and no %q: %v\n%s", c.version, c.has, c.hasNot, err, text)
		}
	}
}

func socketUnits() []SocketUnit {
	return []SocketUnit{
		{Socket: "web", For: `listener "http" of function "hello"`, Address: "127.0.0.1:8080"},
		{Socket: "all", For: "all addresses", Address: ":8081"},
		{Socket: "lan", For: "one interface", Address: "192.0.2.1:53", Datagram: true},
		{Socket: "six", For: "IPv6", Address: "[2001:db8::1]:80", Note: "A note."},
		{Socket: "local", For: "Unix", Address: "/run/hello 100%.sock", Mode: 0o660},
		{Socket: "a b/c@d%", For: "100% odd", Address: "127.0.0.1:8082"},
	}
}

func TestSocketUnit(t *testing.T) {
	for _, c := range []struct {
		socket      string
		file        string
		has, hasNot []string
	}{
		{"web", "torpor-web.socket", []string{"ListenStream=127.0.0.1:8080", "FileDescriptorName=web", "Service=torpor.service", "Backlog=4096"}, []string{"FreeBind", "SocketMode"}},
		{"all", "torpor-all.socket", []string{"ListenStream=8081"}, []string{"FreeBind"}},
		{"lan", "torpor-lan.socket", []string{"ListenDatagram=192.0.2.1:53", "FreeBind=yes"}, []string{"Backlog", "ListenStream"}},
		{"six", "torpor-six.socket", []string{"ListenStream=[2001:db8::1]:80", "# A note.", "FreeBind=yes"}, nil},
		{"local", "torpor-local.socket", []string{"ListenStream=/run/hello 100%%.sock", "SocketMode=0660", "RemoveOnStop=yes"}, []string{"FreeBind"}},
		{"a b/c@d%", `torpor-a\x20b\x2fc\x40d\x25.socket`, []string{"FileDescriptorName=a b/c@d%%", "Description=torpor: 100%% odd"}, nil},
	} {
		t.Run(c.socket, func(t *testing.T) {
			units := socketUnits()
			u := units[slices.IndexFunc(units, func(u SocketUnit) bool { return u.Socket == c.socket })]
			text, err := u.Text()
			if err != nil || u.FileName() != c.file || !IsSocketUnit(text) {
				t.Fatalf("%s: %v\n%s", u.FileName(), err, text)
			}
			lines := strings.Split(string(text), "\n")
			for _, want := range c.has {
				if !slices.Contains(lines, want) {
					t.Errorf("no line %q in\n%s", want, text)
				}
			}
			for _, bad := range c.hasNot {
				if strings.Contains(string(text), bad) {
					t.Errorf("%q in\n%s", bad, text)
				}
			}
		})
	}
}

func TestSocketNamesThatNoUnitCanHave(t *testing.T) {
	for _, name := range []string{" x", "x ", `x\`, strings.Repeat("x", 242), strings.Repeat(" ", 80) + "x"} {
		if text, err := (SocketUnit{Socket: name, Address: ":80"}).Text(); err == nil {
			t.Errorf("%q became\n%s", name, text)
		}
	}
	if _, err := (SocketUnit{Socket: strings.Repeat("x", 241), Address: ":80"}).Text(); err != nil {
		t.Error(err)
	}
}

// TestUnitsAreGood asks the systemd of this machine. The manual pages that it
// looks for are not installed here.
func TestUnitsAreGood(t *testing.T) {
	dir := t.TempDir()
	true_, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]func() ([]byte, error){
		ServiceName: func() ([]byte, error) { return ServiceUnit(true_, OldestVersion) },
		SliceName:   SliceUnit,
	}
	for _, u := range socketUnits() {
		files[u.FileName()] = u.Text
	}
	var paths []string
	for name, text := range files {
		data, err := text()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	cmd := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, paths...)...)
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestExposure keeps hardening from being lost: the figure is 0 (best) to 10.
func TestExposure(t *testing.T) {
	text, err := ServiceUnit("/usr/bin/torpor", OldestVersion)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), ServiceName)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=65", path).CombinedOutput()
	if err != nil {
		t.Errorf("its exposure is worse than 6.5: %v\n%s", err, out)
	}
}
