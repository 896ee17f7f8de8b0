//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestActivation starts from sockets alone: the first client of each kind starts the daemon, which starts the
// function, and is answered. Asleep, the function is woken the same way.
func TestActivation(t *testing.T) {
	const stream, path, datagram = "127.0.0.1:7501", "/run/acceptance-activated.sock", "127.0.0.1:7502"
	declare(t, roleHCL(t, "activated", roleEcho, "127.0.0.1:7500",
		"listen \"tcp\" {", `socket = "activated-tcp"`, `address = "`+stream+`"`, "port = 7001", "}",
		"listen \"unix\" {", `socket = "activated-unix"`, `address = "`+path+`"`, "port = 7002", "}",
		"listen \"udp\" {", `socket = "activated-udp"`, `address = "`+datagram+`"`, `protocol = "udp"`, "port = 7001", "}"))
	sockets := []string{"torpor-activated-tcp.socket", "torpor-activated-unix.socket", "torpor-activated-udp.socket"}
	t.Log(run(t, binary, "units", "/etc/systemd/system"))
	systemctl(t, "daemon-reload")
	systemctl(t, append([]string{"enable"}, sockets...)...)
	t.Cleanup(func() {
		systemctl(t, "stop", "torpor.service")
		systemctl(t, append([]string{"disable", "--now"}, sockets...)...)
		empty := t.TempDir()
		write(t, filepath.Join(empty, "none.hcl"), smallNode)
		run(t, binary, "units", "/etc/systemd/system", "--config", empty)
		systemctl(t, "daemon-reload")
	})
	systemctl(t, "restart", "torpor") // brings new sockets in
	for _, unit := range sockets {
		if state := property(t, unit, "ActiveState"); state != "active" {
			t.Errorf("%s is %s after a restart of the service", unit, state)
		}
	}

	kinds := map[string]func(t *testing.T){
		"tcp":  func(t *testing.T) { echoOver(t, "tcp", stream) },
		"unix": func(t *testing.T) { echoOver(t, "unix", path) },
		"udp":  func(t *testing.T) { echoDatagram(t, datagram) },
	}
	for kind, talk := range kinds {
		t.Run(kind, func(t *testing.T) {
			systemctl(t, "stop", "torpor.service")
			if state := property(t, "torpor.service", "ActiveState"); state != "inactive" {
				t.Fatalf("the daemon is %s", state)
			}
			talk(t)
			if state := property(t, "torpor.service", "ActiveState"); state != "active" {
				t.Errorf("the daemon is %s after a client came", state)
			}
			sleep(t, "activated")
			talk(t)
			if f := find(t, "activated"); f.State != "woken" {
				t.Errorf("it is %s", f.State)
			}
		})
	}
}

func echoOver(t *testing.T, network, address string) {
	t.Helper()
	conn, err := net.DialTimeout(network, address, hung)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := exchange(conn); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}

// echoDatagram sends one datagram, once, and waits for its answer.
func echoDatagram(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := exchangeDatagram(conn); err != nil {
		t.Fatal(err)
	}
}

func exchangeDatagram(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(hung)); err != nil {
		return err
	}
	sent := []byte(strings.Repeat("datagram ", 100))
	if _, err := conn.Write(sent); err != nil {
		return err
	}
	got := make([]byte, 2*len(sent))
	n, err := conn.Read(got)
	if err != nil || !bytes.Equal(got[:n], sent) {
		return fmt.Errorf("%d of %d bytes came back, or others: %w", n, len(sent), err)
	}
	return nil
}

// TestDatagramsOverRestarts has a peer go on while the daemon is restarted: what is on its way may be lost, as
// datagrams may, but the socket is open all the time, and the function answers again.
func TestDatagramsOverRestarts(t *testing.T) {
	const address = "127.0.0.1:7503"
	declare(t, roleHCL(t, "datagrams", roleEcho, "127.0.0.1:7504",
		"listen \"udp\" {", `address = "`+address+`"`, `protocol = "udp"`, "port = 7001", "}"))
	echoDatagram(t, address)
	pid := find(t, "datagrams").PID
	for range 5 {
		systemctl(t, "restart", "torpor")
		echoDatagram(t, address)
	}
	if now := find(t, "datagrams").PID; now != pid {
		t.Error("it was restarted")
	}
}
