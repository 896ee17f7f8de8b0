package appliance_test

import (
	"testing"
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
