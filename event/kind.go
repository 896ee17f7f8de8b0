package event

import (
	"log/slog"
	"slices"
)

// Key is the key of the attribute that a kind is.
const Key = "event"

// Kind is one kind of event.
type Kind struct {
	Name string
	// ID is the MESSAGE_ID: 128 bits as 32 digits of lower-case hexadecimal.
	ID string
	// State is what the function is in after it; "" where that is told by an
	// attribute, or there is none.
	State string
	// Fields are the journal fields that each event of the kind has, without
	// their TORPOR_ (see systemd.JournalHandler). There may be more.
	Fields []string
}

// String is the kind's name.
func (k *Kind) String() string { return k.Name }

// MarshalText is the kind's name, for JSON.
func (k *Kind) MarshalText() ([]byte, error) { return []byte(k.Name), nil }

var kinds []*Kind

// declare makes a kind, as the attribute that marks its events.
func declare(name, id, state string, fields ...string) slog.Attr {
	k := &Kind{Name: name, ID: id, State: state, Fields: fields}
	kinds = append(kinds, k)
	return slog.Any(Key, k)
}

// All returns all kinds, in the order of their declaration.
func All() []*Kind { return slices.Clone(kinds) }

// Of returns the kind that an attribute marks, or nil.
func Of(a slog.Attr) *Kind {
	if a.Key != Key {
		return nil
	}
	k, _ := a.Value.Any().(*Kind)
	return k
}

// FromOutput marks a record that is nothing but a line which its function has
// printed.
var FromOutput = slog.String("from", "output")
