package measure

import (
	"net"
	"strings"
	"testing"
)

func TestVacant(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	functions := []*Function{{Name: "hello", Address: l.Addr().String()}}
	if err := Vacant(functions); err == nil || !strings.Contains(err.Error(), "the address of hello is taken") {
		t.Errorf("in use: %v", err)
	}
	l.Close()
	if err := Vacant(functions); err != nil {
		t.Errorf("free: %v", err)
	}
}
