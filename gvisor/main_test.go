package gvisor

import (
	"os"
	"testing"
)

// TestMain lets the test binary be re-executed as the parts of a sandbox.
func TestMain(m *testing.M) {
	if code, ok := RunChildRole(); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
