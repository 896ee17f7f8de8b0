package gateway

import (
	"io"
	"net"
	"strings"
	"testing"
)

const overUnix = "TestOverUnixSockets/"

// TestOverUnixSockets is what of the tests of streams holds for clients on Unix
// sockets too.
func TestOverUnixSockets(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"half-close by client":                   TestHalfCloseByClient,
		"half-close while held":                  TestHalfCloseWhileHeld,
		"half-close by function":                 TestHalfCloseByFunction,
		"close asleep does not wake":             TestCloseAsleepDoesNotWake,
		"close asleep wakes if asked":            TestCloseAsleepWakesIfAsked,
		"reply while shut":                       TestReplyWhileShut,
		"backend close delivers, holds the rest": TestBackendCloseDeliversAndHoldsTheRest,
		"unused connection outlives its backend": TestUnusedConnectionOutlivesItsBackend,
		"stopped function":                       TestStoppedFunction,
		"backend close delivers what was sent":   TestBackendCloseDeliversWhatWasSent,
		"replaced backend":                       TestReplacedBackend,
		"route close drains":                     TestRouteCloseDrains,
		"route close serves the held":            TestRouteCloseServesTheHeld,
		"many held, one nudge":                   TestManyHeldOneNudge,
		"hold deadline":                          TestHoldDeadline,
		"hold deadline of old connection":        TestHoldDeadlineOfOldConnection,
		"hold bound":                             TestHoldBound,
		"refuse":                                 TestRefuse,
		"dial refused":                           TestDialRefused,
		"cycles":                                 TestCycles,
		"streams":                                TestStreams,
		"replace under load":                     TestReplaceUnderLoad,
		"handed over, sleeper stays quiet":       TestHandedOverSleeperStaysQuiet,
		"handed over, busy":                      TestHandedOverBusy,
		"handed over, bytes wake sleeper":        TestHandedOverBytesWakeSleeper,
		"handed over often":                      TestHandedOverOften,
		"handed over, half-closed":               TestHandedOverHalfClosed,
		"handed over, asks no more":              TestHandedOverAsksNoMore,
		"handed over, held":                      TestHandedOverHeld,
		"hand over under load":                   TestHandOverUnderLoad,
		"resume without sandbox":                 TestResumeWithoutSandbox,
		"resume unused without sandbox":          TestResumeUnusedWithoutSandbox,
		"close kept":                             TestCloseKept,
		"sweep":                                  TestSweep,
	} {
		t.Run(name, test)
	}
}

// listenForClients is where the clients of a rig connect.
func listenForClients(t testing.TB) net.Listener {
	t.Helper()
	if !strings.HasPrefix(t.Name(), overUnix) {
		return listen(t)
	}
	return listenUnix(t)
}

func listenUnix(t testing.TB) *net.UnixListener {
	t.Helper()
	ln, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	return ln.(*net.UnixListener)
}

// unixRig is a rig whose clients are on a Unix socket.
func unixRig(t *testing.T, target string) *rig {
	t.Helper()
	g := newRig(t, target, options{})
	ln := listenUnix(t)
	g.addr = ln.Addr().String()
	g.Route.Serve(ln, 80, false)
	return g
}

func TestUnixClientGoesSilentlyWhileHeld(t *testing.T) {
	f := newFunction(t)
	g := unixRig(t, f.addr)
	client := connect(t, g.addr)
	g.untilHeld(t, 1)
	client.Close()
	g.backend.Open()
	until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
	if len(f.conns) > 0 {
		t.Error("dialled for a client that had gone and said nothing")
	}
	g.untilShut(t)
}

func TestUnixClientSpeaksAndGoesWhileHeld(t *testing.T) {
	f := newFunction(t)
	g := unixRig(t, f.addr)
	client := connect(t, g.addr)
	send(t, client, "no answer needed")
	g.untilHeld(t, 1)
	client.Close()
	g.backend.Open()
	server := f.accept(t)
	if got, err := io.ReadAll(server); err != nil || string(got) != "no answer needed" {
		t.Fatalf("function received %q, %v", got, err)
	}
}

// A Unix socket that is closed with bytes unread resets its peer.
func TestUnixClientLeavesItsReply(t *testing.T) {
	f := newFunction(t)
	g := unixRig(t, f.addr)
	g.backend.Open()
	client := connect(t, g.addr)
	send(t, client, "request")
	server := f.accept(t)
	expect(t, server, "request")
	send(t, server, "reply")
	expect(t, client, "re")
	client.Close()
	expectReset(t, server)
	until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
	g.untilShut(t)
}

func TestUnixClientGoesInAReply(t *testing.T) {
	f := newFunction(t)
	g := unixRig(t, f.addr)
	g.backend.Open()
	client := connect(t, g.addr)
	send(t, client, "request")
	_ = client.CloseWrite() // so that only a write finds that it has gone
	server := f.accept(t)
	expect(t, server, "request")
	send(t, server, "rep")
	expect(t, client, "rep")
	client.Close()
	for {
		if _, err := io.WriteString(server, "ly"); err != nil {
			break
		}
	}
	until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
	g.untilShut(t)
}

func TestFunctionResetsUnixClient(t *testing.T) {
	f := newFunction(t)
	g := unixRig(t, f.addr)
	g.backend.Open()
	client := connect(t, g.addr)
	send(t, client, "request")
	server := f.accept(t)
	expect(t, server, "request")
	send(t, server, "part of it")
	until(t, "forwarded", func() bool { return unread(t, client) == len("part of it") })
	reset(t, server)
	if got, err := io.ReadAll(client); err != nil || string(got) != "part of it" {
		t.Fatalf("client received %q, %v", got, err)
	}
	until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
}
