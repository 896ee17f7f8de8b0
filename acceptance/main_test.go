//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		play(role)
		return
	}
	code, err := suite(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// suite runs the tests with torpor installed, and compares the machine before and after.
func suite(m *testing.M) (code int, err error) {
	if !inGuest() {
		return 2, fmt.Errorf("these tests change the machine they run on: use `make nspawn` or `make testvm`")
	}
	before, err := look()
	if err != nil {
		return 1, err
	}
	if err := install(); err != nil {
		return 1, err
	}
	code = m.Run()
	if err := purge(); err != nil {
		return code, err
	}
	left, err := leftSince(before)
	for _, trace := range left {
		fmt.Fprintln(os.Stderr, "acceptance: left behind:", trace)
		code = max(code, 1)
	}
	return code, err
}
