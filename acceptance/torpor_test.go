//go:build acceptance

package acceptance

import "testing"

// TestDoctor has torpor look at the guest: nothing that it needs may be missing.
func TestDoctor(t *testing.T) {
	t.Log(run(t, binary, "doctor"))
}
