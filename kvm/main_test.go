package kvm

import (
	"os"
	"testing"
)

// TestMain lets the test binary be executed again as a monitor.
func TestMain(m *testing.M) {
	if code, ok := RunChildRole(); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
