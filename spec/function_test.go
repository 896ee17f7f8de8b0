package spec

import (
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// TestFingerprint changes each field in turn. A new field has to be put on one of the lists.
func TestFingerprint(t *testing.T) {
	newSandbox := map[string]any{
		"Rootfs": "x", "Image": "x", "Command": []string{"x"}, "Args": []string{"x"},
		"Env": map[string]string{"x": "y"}, "User": "x", "WorkingDir": "x", "Mounts": []Mount{{Source: "x"}},
		"Scratch": "x", "Isolation": "x", "Runtime": IsolationKVM,
	}
	sameSandbox := map[string]any{
		"Name": "x", "Start": "x", "Limits": Limits{Memory: 1}, "Listens": []Listen{{Name: "x"}}, "Ready": Ready{Path: "x"},
		"Hibernate": Hibernate{Never: true}, "Hold": Hold{Connections: 1}, "StopTimeout": time.Second,
		"Range": hcl.Range{Filename: "x"}, "Ranges": FunctionRanges{Root: hcl.Range{Filename: "x"}},
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Function]()) {
		value, changes := newSandbox[field.Name]
		if !changes {
			value = sameSandbox[field.Name]
		}
		if value == nil {
			t.Errorf("%s is on neither list", field.Name)
			continue
		}
		var f Function
		reflect.ValueOf(&f).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(value))
		if got := f.Fingerprint() != (Function{}).Fingerprint(); got != changes {
			t.Errorf("%s: changes the fingerprint: %t, want %t", field.Name, got, changes)
		}
	}
}
