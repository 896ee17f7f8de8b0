package appliance

import (
	"encoding/json"
	"reflect"
)

// plain is a value as the configuration counts it, without where it was written.
func plain(v reflect.Value) string {
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func same(a, b reflect.Value) bool { return plain(a) == plain(b) }
