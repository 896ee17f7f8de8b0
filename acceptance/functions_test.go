//go:build acceptance

package acceptance

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests here are what a function is promised, of either isolation: it is all one table, whose columns are the
// isolations that this guest can have.

// isolations are those that can be tried here. KVM in a container is the host's, which may be emulated.
func isolations() []string {
	if guest() == vm {
		return []string{"gvisor", "kvm"}
	}
	return []string{"gvisor"}
}

// subject is one function with all that can be declared.
type subject struct {
	name, isolation      string
	agent, echo, packets string // addresses
	six, deaf            string // where it listens on IPv6 alone, and where nobody takes datagrams
	data, fixed          string // folders of the host: one that it may write to, one not
}

// promises are tried in this order, on the same function.
var promises = []struct {
	name string
	keep func(t *testing.T, s subject)
}{
	{"clients that come before it wait", heldWhileItStarts},
	{"it may listen on IPv6 alone", onIPv6},
	{"datagrams that nobody takes are told of", untaken},
	{"its environment", environment},
	{"its files", files},
	{"its output", output},
	{"its limits", limits},
	{"nobody else is there", alone},
	{"it sleeps dozens of times", sleepsDozensOfTimes},
	{"it ends, and is told to", ends}, // how, only the daemon that started it can tell of both kinds
	{"the daemon is killed", daemonKilled},
}

func TestFunctions(t *testing.T) {
	archive := imageArchive(t)
	loadMachines(t)
	for i, isolation := range isolations() {
		t.Run(isolation, func(t *testing.T) {
			s := newSubject(t, isolation, 7800+10*i)
			declare(t, s.hcl(archive))
			for _, p := range promises {
				if !t.Run(p.name, func(t *testing.T) { p.keep(t, s) }) {
					tellMachines(t)
					return // the rest would fail for the same reason
				}
			}
		})
	}
}

func newSubject(t *testing.T, isolation string, port int) subject {
	t.Helper()
	s := subject{
		name: "subject-" + isolation, isolation: isolation,
		agent: fmt.Sprintf("127.0.0.1:%d", port), echo: "/run/acceptance-" + isolation + ".sock", packets: fmt.Sprintf("127.0.0.1:%d", port+1),
		six: fmt.Sprintf("127.0.0.1:%d", port+2), deaf: fmt.Sprintf("127.0.0.1:%d", port+3),
		data: t.TempDir(), fixed: t.TempDir(),
	}
	write(t, filepath.Join(s.fixed, "text"), "of the host")
	if err := os.Chown(s.data, 1234, 1234); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{s.data, filepath.Dir(s.data)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s subject) hcl(archive string) string {
	return fmt.Sprintf(`function %q {
  image       = %q
  isolation   = %q
  env         = { %s = %q, ACCEPTANCE_MIB = "16", ACCEPTANCE_FILE = "/data/bye", COLOUR = "green and blue" }
  user        = "1234:1234"
  working_dir = "/work"
  scratch     = "disk"
  mount {
    source   = %q
    target   = "/data"
    writable = true
  }
  mount {
    source = %q
    target = "/fixed"
  }
  limits {
    memory = "160MiB"
    cpus   = 0.8
    pids   = 64
  }
  listen "agent" {
    address = %q
    port    = 7000
  }
  listen "echo" {
    address = %q
    port    = 7001
  }
  listen "packets" {
    address  = %q
    protocol = "udp"
    port     = 7001
  }
  listen "six" {
    address = %q
    port    = 7003
  }
  listen "sixes" {
    address  = %q
    protocol = "udp"
    port     = 7003
  }
  listen "deaf" {
    address  = %q
    protocol = "udp"
    port     = 7009
  }
  ready {
    timeout = "5m"
  }
  hold {
    timeout = "5m"
  }
}
`, s.name, archive, s.isolation, roleEnv, roleAgent, s.data, s.fixed, s.agent, s.echo, s.packets, s.six, s.six, s.deaf)
}

// imageArchive is the roles' root as an image that docker saved.
func imageArchive(t *testing.T) string {
	t.Helper()
	var layer, archive bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}); err != nil {
		t.Fatal(err)
	}
	root := roleRoot(t)
	for _, name := range []string{"role", "idle"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		add(t, w, name, content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	config := map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/role"}, "Env": []string{"COLOUR=red", "SHAPE=round"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer.Bytes()))}},
	}
	manifest := []map[string]any{{"Config": "config.json", "RepoTags": []string{"role:latest"}, "Layers": []string{"layer.tar"}}}
	w = tar.NewWriter(&archive)
	add(t, w, "config.json", inJSON(t, config))
	add(t, w, "layer.tar", layer.Bytes())
	add(t, w, "manifest.json", inJSON(t, manifest))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "image.tar")
	write(t, path, archive.String())
	return path
}

func add(t *testing.T, w *tar.Writer, name string, content []byte) {
	t.Helper()
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
}

func onIPv6(t *testing.T, s subject) {
	echo(t, s.six)
	echoDatagram(t, s.six)
}

// untaken sends what nobody takes, and the function goes on.
func untaken(t *testing.T, s subject) {
	conn := connectUDP(t, s.deaf)
	eventually(t, "the datagram to be counted", func() bool {
		_, _ = conn.Write([]byte("anybody?"))
		return strings.Contains(run(t, "torpor", "why", s.name), "datagrams that reached nobody: ")
	})
	echoDatagram(t, s.packets)
}

func inJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// heldWhileItStarts has clients of all kinds come to a cold function: one start, and all are answered.
func heldWhileItStarts(t *testing.T, s subject) {
	var clients sync.WaitGroup
	for _, conn := range append(openConns(t, s.echo, 3), connectUDP(t, s.packets), connectUDP(t, s.packets)) {
		talk := exchange
		if conn.RemoteAddr().Network() == "udp" {
			talk = exchangeDatagram
		}
		clients.Go(func() {
			if err := talk(conn); err != nil {
				t.Errorf("over %s: %v", conn.RemoteAddr(), err)
			}
		})
	}
	clients.Wait()
	f := find(t, s.name)
	if f.Isolation != s.isolation || f.ColdStarts != 1 || f.State != "warm" {
		t.Errorf("after its first clients: %+v", f)
	}
	t.Logf("cold start %.0f ms; warm %s", f.LastColdStartMS, mib(f.ResidentBytes))
}

func environment(t *testing.T, s subject) {
	a := tell(t, s.agent)
	a.want("env COLOUR", "green and blue")
	a.want("env SHAPE", "round")
	a.want("env HOME", "/")
	a.want("user", "1234 1234")
	a.want("where", "/work")
	a.want("host", s.name)
}

// files also looks from the other side of a mount, each way.
func files(t *testing.T, s subject) {
	a := tell(t, s.agent)
	a.want("read /fixed/text", "of the host")
	a.refused("write /fixed/text mine")
	a.want("write /data/text mine", "")
	seen, err := os.ReadFile(filepath.Join(s.data, "text"))
	if err != nil || string(seen) != "mine" {
		t.Errorf("the host sees %q, %v", seen, err)
	}
	write(t, filepath.Join(s.data, "text"), "yours")
	a.want("read /data/text", "yours")
	a.refused("write /role mine") // another user's, in the image
	a.want("write /tmp/text scratch", "")
	a.want("read /tmp/text", "scratch")
	a.want("sum /tmp/large", a.ask("fill /tmp/large 24"))
}

func output(t *testing.T, s subject) {
	a := tell(t, s.agent)
	word := fmt.Sprint("word", time.Now().UnixNano())
	a.want("print <3>"+word, "")
	eventually(t, "what it printed is in the journal", func() bool {
		for _, e := range journal(t, "--boot", "--identifier="+s.name) {
			if e.message == word && e.priority == 3 && e.fields["UNIT"] == "torpor-"+s.name+".scope" || e.message == word && e.priority == 3 && e.unit == "torpor-"+s.name+".scope" {
				return true
			}
		}
		return false
	})
	if said := run(t, binary, "logs", s.name); !strings.Contains(said, word) {
		t.Errorf("torpor logs has no %s:\n%s", word, said)
	}
}

// limits are held by the kernel; what is counted here is whether it was told.
func limits(t *testing.T, s subject) {
	a := tell(t, s.agent)
	if got := a.ask("clone 100"); !strings.HasPrefix(got, "stopped at ") {
		t.Errorf("processes: %s", got)
	}
	if guest() != vm {
		return // the container's cgroups are the host's, of whatever version
	}
	group := "/sys/fs/cgroup" + cgroupOf(t, find(t, s.name).PID)
	began, before, throttled := time.Now(), figure(t, group+"/cpu.stat", "usage_usec"), figure(t, group+"/cpu.stat", "nr_throttled")
	a.ask("burn 4000")
	used := time.Duration(figure(t, group+"/cpu.stat", "usage_usec")-before) * time.Microsecond
	if took, most := time.Since(began), 0.8; used.Seconds() > most*took.Seconds()*1.1+0.1 {
		t.Errorf("it used %s of processors in %s, and may %.1f", used, took, most)
	}
	if figure(t, group+"/cpu.stat", "nr_throttled") == throttled {
		t.Error("it was never held back")
	}
	if most := figure(t, group+"/memory.max", ""); most != 160<<20 {
		t.Errorf("its memory is limited to %d", most)
	}
}

// alone has the function look for the host and for others, and find nobody.
func alone(t *testing.T, s subject) {
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	port := ln.Addr().(*net.TCPAddr).Port
	a := tell(t, s.agent)
	for _, host := range append(hostAddresses(t), "127.0.0.1", "169.254.169.254", "10.0.2.2", "[::1]") {
		a.refused(fmt.Sprintf("dial tcp %s:%d", host, port))
	}
	for _, path := range []string{"/run/torpor/torpor.sock", "/run/systemd/journal/stdout", s.echo} {
		a.refused("dial unix " + path)
	}
	a.want("links", "lo")
	if got := a.ask("files /proc"); strings.Count(" "+got, " 1") > 20 {
		t.Errorf("it sees many processes: %s", got)
	}
	a.refused("read /etc/torpor/acceptance.hcl")
	a.refused("read " + s.data)
}

// hostAddresses are all of this machine's.
func hostAddresses(t *testing.T) (addresses []string) {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			addresses = append(addresses, ip.IP.String())
		}
	}
	return addresses
}

// sleepsDozensOfTimes keeps connections open over all sleeps, and compares every byte.
func sleepsDozensOfTimes(t *testing.T, s subject) {
	const sleeps = 24
	a := tell(t, s.agent)
	large := a.ask("fill /tmp/kept 8")
	conns := openConns(t, s.echo, 3)
	packets := connectUDP(t, s.packets)
	before := find(t, s.name)
	var asleep, woken function
	for i := range sleeps {
		sleep(t, s.name)
		asleep = find(t, s.name)
		if asleep.State != "hibernated" || asleep.ResidentBytes*4 > asleep.WarmBytes {
			t.Errorf("sleep %d: %+v", i, asleep)
		}
		if i%2 == 1 { // which wakes it
			if err := exchangeDatagram(packets); err != nil {
				t.Fatalf("sleep %d: %v", i, err)
			}
		}
		exchangeAll(t, conns)
		if i%6 == 0 {
			a.want("sum /tmp/kept", large)
		}
		woken = find(t, s.name)
		t.Logf("sleep %d took %.0f ms; asleep %s and %s in swap; woken in %.0f ms, %s", i, asleep.LastHibernateMS,
			mib(asleep.ResidentBytes), mib(asleep.SwappedBytes), woken.LastWakeMS, mib(woken.ResidentBytes))
	}
	if woken.PID != before.PID || woken.ColdStarts != before.ColdStarts || woken.Wakes < before.Wakes+sleeps {
		t.Errorf("after %d sleeps: %+v, before: %+v", sleeps, woken, before)
	}
}

// daemonKilled does so while the function is awake, and asleep.
func daemonKilled(t *testing.T, s subject) {
	conns := openConns(t, s.echo, 2)
	exchangeAll(t, conns)
	pid := find(t, s.name).PID
	for _, state := range []string{"awake", "asleep"} {
		if state == "asleep" {
			sleep(t, s.name)
		}
		time.Sleep(2 * maturity) // younger connections may be lost
		before := property(t, "torpor.service", "MainPID")
		systemctl(t, "kill", "--signal=KILL", "--kill-who=main", "torpor.service")
		awaitDaemon(t, before)
		exchangeAll(t, conns)
		if f := find(t, s.name); f.PID != pid || f.Isolation != s.isolation {
			t.Errorf("%s when the daemon was killed: %+v, was process %d", state, f, pid)
		}
	}
	echoDatagram(t, s.packets)
}

// ends has the program end by itself: the node says how, and starts it anew for the next client. The next one is told to
// end, which it may do in good order.
func ends(t *testing.T, s subject) {
	before := find(t, s.name)
	_, _ = tell(t, s.agent).try("exit 3")
	awaitWord(t, s.name, "exited with status 3")
	tell(t, s.agent).want("hello", "hello")
	if f := find(t, s.name); f.PID == before.PID || f.ColdStarts != before.ColdStarts+1 {
		t.Errorf("after its end: %+v, before: %+v", f, before)
	}
	run(t, binary, "stop", s.name)
	if said, err := os.ReadFile(filepath.Join(s.data, "bye")); err != nil || string(said) != "bye" {
		t.Errorf("told to end, it wrote %q, %v", said, err)
	}
}

// awaitWord waits until the daemon has told that a function ended, and why.
func awaitWord(t *testing.T, name, why string) {
	t.Helper()
	eventually(t, "the journal tells of the end of "+name+": "+why, func() bool {
		for _, e := range journal(t, "--boot", "TORPOR_FUNCTION="+name) {
			if strings.Contains(e.fields["TORPOR_REASON"], why) {
				return true
			}
		}
		return false
	})
}

func openConns(t *testing.T, address string, n int) (conns []net.Conn) {
	t.Helper()
	for range n {
		conn, err := net.DialTimeout("unix", address, hung)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conns = append(conns, conn)
	}
	return conns
}

func exchangeAll(t *testing.T, conns []net.Conn) {
	t.Helper()
	for i, c := range conns {
		if err := exchange(c); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
}

// figure is a number of a file of a cgroup: the one after a name, or all there is.
func figure(t *testing.T, path, name string) (n int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); name == "" || words[0] == name {
			if _, err := fmt.Sscan(words[len(words)-1], &n); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			return n
		}
	}
	t.Fatalf("%s has no %s", path, name)
	return 0
}

func connectUDP(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
