package guest

import (
	"errors"
	"testing"
)

// TestInit holds in a clean checkout, and after make build.
func TestInit(t *testing.T) {
	init, err := Init()
	if errors.Is(err, ErrNotBuilt) {
		return
	}
	const most = 8 << 20 // it is in the memory of each guest
	if err != nil || len(init) == 0 || len(init) > most {
		t.Errorf("%d bytes, %v", len(init), err)
	}
}
