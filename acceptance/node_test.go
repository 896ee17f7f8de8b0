//go:build acceptance

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// configDir is where the installed node's declarations are.
const configDir = "/etc/torpor"

// status is of `torpor status --json` what tests ask for.
type status struct {
	Node struct {
		BudgetBytes   int64 `json:"budget_bytes"`
		ResidentBytes int64 `json:"resident_bytes"`
		ConfigOK      bool  `json:"config_ok"`
	}
	Functions []function
}

type function struct {
	Name, State, Reason, Isolation string
	PID                            int
	Busy, Connections              int
	ResidentBytes                  int64 `json:"resident_bytes"`
	WarmBytes                      int64 `json:"warm_bytes"`
	SwappedBytes                   int64 `json:"swapped_bytes"`
	Wakes                          int
	ColdStarts                     int     `json:"cold_starts"`
	LastColdStartMS                float64 `json:"last_cold_start_ms"`
	LastWakeMS                     float64 `json:"last_wake_ms"`
	LastHibernateMS                float64 `json:"last_hibernate_ms"`
}

// smallNode is the node block where a test needs none of its own: swap that the guest's disk has room for.
const smallNode = "node {\n  memory_budget = \"2GiB\"\n  swap {\n    size = \"1GiB\"\n  }\n}\n"

// withNode adds a node block where there is none.
func withNode(hcl string) string {
	if strings.Contains(hcl, "node {") {
		return hcl
	}
	return smallNode + hcl
}

// declare makes the installed node one of these declarations, in a file of their own, until the test ends.
func declare(t *testing.T, hcl string) {
	t.Helper()
	hcl = withNode(hcl)
	file := filepath.Join(configDir, "acceptance.hcl")
	write(t, file, hcl)
	t.Cleanup(func() {
		if t.Failed() {
			tellJournal(t)
		}
		write(t, file, smallNode) // a folder without files would be a mistake
		systemctl(t, "start", "torpor")
		eventually(t, "nothing is declared any more", func() bool { return len(nodeStatus(t).Functions) == 0 })
	})
	systemctl(t, "start", "torpor")
	systemctl(t, "reload", "torpor")
	if s := nodeStatus(t); !s.Node.ConfigOK {
		t.Fatalf("the node does not take this:\n%s\n%s", hcl, run(t, binary, "status"))
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func nodeStatus(t *testing.T) (s status) {
	t.Helper()
	out := run(t, binary, "status", "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("torpor status --json: %v:\n%s", err, out)
	}
	return s
}

// find is one function of the node.
func find(t *testing.T, name string) function {
	t.Helper()
	s := nodeStatus(t)
	i := slices.IndexFunc(s.Functions, func(f function) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no function %q in %+v", name, s.Functions)
	}
	return s.Functions[i]
}

// awaitState waits until a function is in one of these states.
func awaitState(t *testing.T, name string, states ...string) (f function) {
	t.Helper()
	eventually(t, name+" is "+states[0], func() bool {
		f = find(t, name)
		return slices.Contains(states, f.State)
	})
	return f
}

// sleep sends a function to sleep as soon as it is idle.
func sleep(t *testing.T, name string) {
	t.Helper()
	eventually(t, name+" goes to sleep when told", func() bool { return try(t, binary, "hibernate", name).code == 0 })
}

// property asks systemd for one property of a unit.
func property(t *testing.T, unit, name string) string {
	t.Helper()
	return systemctl(t, "show", "--value", "--property", name, unit)
}

func tellJournal(t *testing.T) {
	t.Helper()
	t.Log(try(t, "journalctl", "--no-pager", "--boot", "--lines=60", "--unit=torpor.service", "--unit=torpor*.scope").stdout)
	t.Log(try(t, "systemctl", "--no-pager", "status", "torpor.service").stdout)
}
