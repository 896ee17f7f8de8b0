package client

import (
	"strings"
	"testing"

	"torpor/spec"
)

func TestNewClientKnowsWhatIsSpoken(t *testing.T) {
	for _, name := range []string{"http", "redis"} {
		if c, err := New("f", spec.Listen{Name: name}); err != nil || c == nil {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	if _, err := New("f", spec.Listen{Name: "smtp"}); err == nil || !strings.Contains(err.Error(), `"smtp", which nobody here speaks`) {
		t.Errorf("smtp: %v", err)
	}
}
