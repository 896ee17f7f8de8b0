//go:build acceptance

package acceptance

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// TestDoctor has torpor look at the guest: nothing that it needs may be missing.
func TestDoctor(t *testing.T) {
	t.Log(run(t, binary, "doctor"))
}

// TestExampleSleepsAndWakes has a node of its own, apart from the one that is installed, run an example.
func TestExampleSleepsAndWakes(t *testing.T) {
	const unit, address = "acceptance-node", "http://127.0.0.1:18080/"
	folders := []string{"--runtime", "/run/" + unit, "--state", t.TempDir()}
	t.Cleanup(func() {
		if t.Failed() {
			for _, e := range journal(t, "--boot", "--unit", unit) {
				t.Log(e.message)
			}
		}
	})
	systemdRun := []string{"--quiet", "--collect", "--unit", unit, "--property=Type=notify", binary, "run", "--config", suiteDir + "/examples"}
	run(t, "systemd-run", append(systemdRun, folders...)...)
	t.Cleanup(func() {
		systemctl(t, "stop", unit)
		run(t, binary, append([]string{"teardown"}, folders...)...)
	})

	first := hello(t, address)
	eventually(t, "a function without a request goes to sleep when told", func() bool { // busy for a moment after one
		return try(t, binary, "hibernate", "hello-go", "--runtime", "/run/"+unit).code == 0
	})
	if again := hello(t, address); again.Start != first.Start || again.Requests != first.Requests+1 || !again.Intact {
		t.Errorf("before its sleep it said %+v, after it %+v", first, again)
	}
}

type greeting struct {
	Start    string
	Requests int
	Intact   bool
}

func hello(t *testing.T, address string) (said greeting) {
	t.Helper()
	client := http.Client{Timeout: hung}
	reply, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &said); err != nil {
		t.Fatalf("%s: %v: %s", address, err, body)
	}
	return said
}
