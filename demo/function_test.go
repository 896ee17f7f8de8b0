package main

import (
	"net"
	"strings"
	"testing"

	"torpor/spec"
)

func TestVacant(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	functions := []*function{{name: "hello", address: l.Addr().String()}}
	if err := vacant(functions); err == nil || !strings.Contains(err.Error(), "the address of hello is taken") {
		t.Errorf("in use: %v", err)
	}
	l.Close()
	if err := vacant(functions); err != nil {
		t.Errorf("free: %v", err)
	}
}

func TestNewClientKnowsWhatIsSpoken(t *testing.T) {
	for _, name := range []string{"http", "redis"} {
		if c, err := newClient("f", spec.Listen{Name: name}); err != nil || c == nil {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	if _, err := newClient("f", spec.Listen{Name: "smtp"}); err == nil || !strings.Contains(err.Error(), `"smtp", which the demo does not speak`) {
		t.Errorf("smtp: %v", err)
	}
}
