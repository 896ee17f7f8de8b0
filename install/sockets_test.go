package install

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"torpor/spec"
	"torpor/systemd"
)

// declare loads functions whose listeners these are.
func declare(t *testing.T, listeners ...string) []spec.Function {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.hcl")
	write(t, path, "function \"web\" {\n  image = \"registry.example/web:1\"\n"+strings.Join(listeners, "\n")+"\n}\n")
	config, diags, _ := spec.Load(path)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return config.Functions
}

func syncSockets(t *testing.T, dir string, functions []spec.Function) *SocketPlan {
	t.Helper()
	p, err := PlanSockets(dir, Sockets(functions))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return p
}

func listenOn(name, rest string) string { return "listen \"" + name + "\" {\n" + rest + "\n}" }

func TestSocketsOfListeners(t *testing.T) {
	dir := t.TempDir()
	functions := declare(t,
		listenOn("plain", `socket = "web-plain"`+"\n"+`port = 8000`),
		listenOn("http", `socket = "web-http"`+"\n"+`address = ":80"`+"\n"+`port = 8080`),
		listenOn("dns", `socket = "web-dns"`+"\n"+`address = "192.0.2.1:53"`+"\n"+`protocol = "udp"`+"\n"+`port = 53`),
		listenOn("bare-dns", `socket = "web-bare"`+"\n"+`protocol = "udp"`+"\n"+`port = 54`),
		listenOn("local", `socket = "web-local"`+"\n"+`address = "/run/web.sock"`+"\n"+`mode = "0660"`+"\n"+`port = 8081`),
		listenOn("own", `address = "127.0.0.1:9000"`+"\n"+`port = 9000`),
	)
	syncSockets(t, dir, functions)
	want := map[string]string{
		"torpor-web-plain.socket": "ListenStream=127.0.0.1:8000",
		"torpor-web-http.socket":  "ListenStream=80",
		"torpor-web-dns.socket":   "ListenDatagram=192.0.2.1:53",
		"torpor-web-bare.socket":  "ListenDatagram=127.0.0.1:54",
		"torpor-web-local.socket": "ListenStream=/run/web.sock",
	}
	found := tree(t, dir)
	for name, line := range want {
		if !strings.Contains(found["/"+name], "\n"+line+"\n") {
			t.Errorf("no %q in %s:\n%s", line, name, found["/"+name])
		}
		delete(found, "/"+name)
	}
	if len(found) > 0 {
		t.Errorf("also written: %v", found)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "torpor-web-local.socket")); !strings.Contains(string(text), "\nSocketMode=0660\n") {
		t.Errorf("no mode in\n%s", text)
	}
	verify(t, dir)
}

// verify asks the systemd of this machine about all units in a folder.
func verify(t *testing.T, dir string) {
	t.Helper()
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	service, err := systemd.ServiceUnit(program, systemd.OldestVersion)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, systemd.ServiceName), string(service))
	units, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, units...)...)
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestStaleSocketsGo(t *testing.T) {
	dir := t.TempDir()
	one, two := listenOn("one", "socket = \"one\"\nport = 1"), listenOn("two", "socket = \"two\"\nport = 2")
	syncSockets(t, dir, declare(t, one, two))
	for _, by := range []string{"sockets.target", "torpor.service"} { // what systemctl enable makes
		linkTo(t, "../torpor-two.socket", filepath.Join(dir, by+".wants/torpor-two.socket"))
		linkTo(t, "../torpor-one.socket", filepath.Join(dir, by+".wants/torpor-one.socket"))
	}
	p := syncSockets(t, dir, declare(t, one))
	if got := p.Names(Removed); !slices.Equal(got, []string{"torpor-two.socket"}) {
		t.Errorf("removed %v", got)
	}
	for path := range tree(t, dir) {
		if strings.Contains(path, "two") {
			t.Errorf("%s is left", path)
		}
	}
	if p := syncSockets(t, dir, declare(t, one)); p.Changes() {
		t.Errorf("once more it changes %+v", p.Steps)
	}
	p = syncSockets(t, dir, declare(t, listenOn("one", "socket = \"one\"\nport = 3")))
	if got := p.Names(Changed); !slices.Equal(got, []string{"torpor-one.socket"}) {
		t.Errorf("changed %v", got)
	}
}

// TestForeignUnitsAreUntouched has units that look like torpor's.
func TestForeignUnitsAreUntouched(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "torpor-mine.socket"), "[Socket]\nListenStream=1\n")
	write(t, filepath.Join(dir, "torpor-also.socket"), "# edited\n# Written by torpor units, which also removes it: do not edit.\n")
	write(t, filepath.Join(dir, "torpor-x.socket.d/x.conf"), "[Socket]\n")
	linkTo(t, "/dev/null", filepath.Join(dir, "torpor-masked.socket"))
	before := tree(t, dir)
	p := syncSockets(t, dir, nil)
	if p.Changes() || !maps.Equal(tree(t, dir), before) {
		t.Errorf("changed: %+v", p.Steps)
	}
	for _, socket := range []string{"mine", "also", "masked"} {
		functions := declare(t, listenOn("l", "socket = \""+socket+"\"\nport = 1"), listenOn("m", "socket = \"new\"\nport = 2"))
		if _, err := PlanSockets(dir, Sockets(functions)); err == nil || !strings.Contains(err.Error(), "torpor-"+socket+".socket") {
			t.Errorf("%s: got %v", socket, err)
		}
	}
	if !maps.Equal(tree(t, dir), before) {
		t.Error("files have changed")
	}
}

func TestSocketsInAFolderThatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new/folder")
	if p := syncSockets(t, dir, nil); p.Changes() {
		t.Error("there was something to do")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it was made for nothing")
	}
	syncSockets(t, dir, declare(t, listenOn("l", "socket = \"s\"\nport = 1")))
	if len(tree(t, dir)) != 1 {
		t.Errorf("found %v", tree(t, dir))
	}
}
