package kvm

import (
	"os"
	"testing"
)

// TestMain lets the test binary be executed again as a monitor, and in a guest as its function.
func TestMain(m *testing.M) {
	if code, ok := RunChildRole(); ok {
		os.Exit(code)
	}
	if os.Args[0] == servePath {
		os.Exit(serve())
	}
	os.Exit(m.Run())
}
