package systemd

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"torpor/event"
)

// Identifier is SYSLOG_IDENTIFIER of the daemon's own entries.
const Identifier = "torpor"

// JournalHandler writes log records as journal entries, with these fields:
//
//	MESSAGE            a sentence: the function, what happened, why, and figures
//	PRIORITY           3 for errors, 4 for warnings, 6 and 7
//	MESSAGE_ID         of the kind, if the record has one (see package event)
//	TORPOR_EVENT       its name
//	TORPOR_STATE       what the function is in now
//	TORPOR_MS          how long it took ("took"), in milliseconds
//	TORPOR_NAME_MS     any other duration called name
//	TORPOR_BYTES       what stays in memory ("keeps")
//	TORPOR_NAME_BYTES  any other size called name (event.Bytes)
//	TORPOR_NAME        any other attribute called name
//	TORPOR_LOGGED_AT   when it was logged, if it had to wait for journald
//
// A record of a line that a function has printed ([event.FromOutput]) becomes that
// line, under the function's name.
type JournalHandler struct {
	journal *Journal
	level   slog.Leveler
	text    slog.Handler // when there is no journal
	attrs   []slog.Attr  // given before, with the groups they are in as parts of their keys
	groups  string       // prefix of keys
}

// NewJournalHandler writes what is of level and above to j, and to text where j
// cannot.
func NewJournalHandler(j *Journal, level slog.Leveler, text slog.Handler) *JournalHandler {
	return &JournalHandler{journal: j, level: level, text: text}
}

// Enabled implements slog.Handler.
func (h *JournalHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// WithAttrs implements slog.Handler.
func (h *JournalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = flatten(slices.Clone(h.attrs), h.groups, attrs)
	with.text = h.text.WithAttrs(attrs)
	return &with
}

// WithGroup implements slog.Handler.
func (h *JournalHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.groups = h.groups + name + "_"
	with.text = h.text.WithGroup(name)
	return &with
}

// Handle implements slog.Handler. A record that cannot be had by the journal is
// written as text; where that fails too it waits for the journal to come back.
func (h *JournalHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs := slices.Clone(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		attrs = flatten(attrs, h.groups, []slog.Attr{a})
		return true
	})
	entry := entryOf(r, attrs)
	if h.journal.Send(entry) == nil {
		return nil
	}
	if err := h.text.Handle(ctx, r); err != nil {
		return h.journal.Keep(entry)
	}
	return nil
}

// flatten appends attrs to list: values resolved, groups as prefixes of keys.
func flatten(list []slog.Attr, prefix string, attrs []slog.Attr) []slog.Attr {
	for _, a := range attrs {
		a.Value = a.Value.Resolve()
		isGroup := a.Value.Kind() == slog.KindGroup
		switch {
		case isGroup && a.Key == "":
			list = flatten(list, prefix, a.Value.Group())
		case isGroup:
			list = flatten(list, prefix+a.Key+"_", a.Value.Group())
		case a.Key != "":
			list = append(list, slog.Attr{Key: prefix + a.Key, Value: a.Value})
		}
	}
	return list
}

// entryOf makes a journal entry of a record.
func entryOf(r slog.Record, attrs []slog.Attr) []Field {
	if name, ok := printedBy(attrs); ok {
		return []Field{
			{"MESSAGE", r.Message}, {"PRIORITY", priority(r.Level)},
			{"SYSLOG_IDENTIFIER", name}, {"TORPOR_FUNCTION", name},
		}
	}
	fields := []Field{
		{"MESSAGE", message(r.Message, attrs)}, {"PRIORITY", priority(r.Level)}, {"SYSLOG_IDENTIFIER", Identifier},
	}
	for _, a := range attrs {
		if k := event.Of(a); k != nil {
			fields = append(fields, Field{"MESSAGE_ID", k.ID}, Field{"TORPOR_EVENT", k.Name})
			if k.State != "" {
				fields = append(fields, Field{"TORPOR_STATE", k.State})
			}
			continue
		}
		fields = append(fields, fieldOf(a))
	}
	return fields
}

// printedBy is the function that has printed the record, if one has.
func printedBy(attrs []slog.Attr) (name string, ok bool) {
	for _, a := range attrs {
		switch {
		case a.Key == "function":
			name = a.Value.String()
		case a.Equal(event.FromOutput):
			ok = true
		}
	}
	return name, ok && name != ""
}

func priority(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "3"
	case level >= slog.LevelWarn:
		return "4"
	case level >= slog.LevelInfo:
		return "6"
	}
	return "7"
}

// fieldOf makes a field of an attribute.
func fieldOf(a slog.Attr) Field {
	switch v := a.Value.Any().(type) {
	case time.Duration:
		if a.Key == "took" {
			return Field{FieldName("ms"), milliseconds(v)}
		}
		return Field{FieldName(a.Key + "_ms"), milliseconds(v)}
	case event.Bytes:
		if a.Key == "keeps" {
			return Field{FieldName("bytes"), strconv.FormatInt(int64(v), 10)}
		}
		return Field{FieldName(a.Key + "_bytes"), strconv.FormatInt(int64(v), 10)}
	}
	return Field{FieldName(a.Key), a.Value.String()}
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', -1, 64)
}

// maxFieldName is journald's limit of a name, in bytes.
const maxFieldName = 64

// FieldName is the name of the journal field for attributes called key.
func FieldName(key string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return '_'
	}, "TORPOR_"+key)
	return name[:min(len(name), maxFieldName)]
}
