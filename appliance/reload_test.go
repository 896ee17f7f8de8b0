package appliance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"torpor/api"
)

// TestReloadAnswersWhenTheFilesAreInForce asks right after each save, before the
// watcher can have seen it.
func TestReloadAnswersWhenTheFilesAreInForce(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, version("one")))

	n.write("more.hcl", declare("other", freePort(t)))
	r, err := n.Reload(t.Context())
	if err != nil || r.Functions != 2 || len(r.Diagnostics) != 0 {
		t.Errorf("got %+v, %v, want two functions", r, err)
	}
	n.function("other")

	n.write("more.hcl", "function {")
	r, err = n.Reload(t.Context())
	if err != nil || r.Functions != 2 || len(r.Diagnostics) == 0 {
		t.Errorf("got %+v, %v, want a diagnostic and the functions of before", r, err)
	}
	n.function("other")

	n.write("more.hcl", "")
	r, err = n.Reload(t.Context())
	if err != nil || r.Functions != 1 || len(r.Diagnostics) != 0 {
		t.Errorf("got %+v, %v, want one function", r, err)
	}
}

// TestNewNode has nothing declared yet, then something, and then nothing again:
// only that last is a mistake.
func TestNewNode(t *testing.T) {
	t.Parallel()
	n := prepareNode(t, "")
	if err := os.Remove(filepath.Join(n.config, "node.hcl")); err != nil {
		t.Fatal(err)
	}
	n.launch()
	n.await("the note that nothing is declared", func(s api.Status) bool {
		return s.Node.ConfigOK && s.Node.SwapSizeBytes == 0 && strings.Contains(strings.Join(s.Node.Notes, "\n"),
			"no functions are declared: there is no .hcl file in "+n.config+"; see torpor.hcl(5)")
	})
	if r, err := n.Reload(t.Context()); err != nil || r.Functions != 0 || len(r.Diagnostics) > 0 {
		t.Errorf("got %+v, %v", r, err)
	}

	port := freePort(t)
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port))
	if r, err := n.Reload(t.Context()); err != nil || r.Functions != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
	n.expect(port, "/count", "1")
	if s, err := n.Status(t.Context()); err != nil || strings.Contains(strings.Join(s.Node.Notes, "\n"), "no functions are declared") {
		t.Errorf("got %+v, %v", s.Node, err)
	}

	if err := os.Remove(filepath.Join(n.config, "node.hcl")); err != nil {
		t.Fatal(err)
	}
	r, err := n.Reload(t.Context())
	if err != nil || r.Functions != 1 || len(r.Diagnostics) != 1 {
		t.Errorf("got %+v, %v, want a diagnostic and the function of before", r, err)
	}
	n.expect(port, "/count", "2")
}
