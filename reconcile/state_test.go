package reconcile

import "testing"

// TestMoves checks that the table is whole: every state is in it, can be left,
// and can be come to.
func TestMoves(t *testing.T) {
	all := []State{Cold, Starting, Warm, Hibernating, Hibernated, Waking, Woken, Stopping, Failed}
	if len(moves) != len(all) {
		t.Errorf("the table has %d states of %d", len(moves), len(all))
	}
	for _, s := range all {
		var in, out int
		for _, o := range all {
			if s.CanBecome(o) {
				out++
			}
			if o.CanBecome(s) {
				in++
			}
		}
		if in == 0 || out == 0 {
			t.Errorf("%s: %d ways in, %d ways out", s, in, out)
		}
		if s.Awake() && !s.HasSandbox() {
			t.Errorf("%s is awake without a sandbox", s)
		}
	}
}
