package systemd

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"torpor/event"
)

// message makes a sentence of what was logged:
//
//	hello: asleep: it was idle for 30s (was 52 MiB, keeps 1.5 MiB, took 101.9ms)
func message(msg string, attrs []slog.Attr) string {
	var function string
	var why, figures []string
	for _, a := range attrs {
		text := words(a.Value)
		switch {
		case event.Of(a) != nil, text == "":
		case a.Key == "function":
			function = text + ": "
		case isWhy(a.Key):
			why = append(why, ": "+text)
		case isDetail(a.Key):
		default:
			figures = append(figures, strings.ReplaceAll(a.Key, "_", " ")+" "+text)
		}
	}
	sentence := function + msg + strings.Join(why, "")
	if len(figures) > 0 {
		sentence += " (" + strings.Join(figures, ", ") + ")"
	}
	return sentence
}

// isWhy tells the attributes that go on with the sentence.
func isWhy(key string) bool {
	switch key {
	case "reason", "error", "err", "cause", "problem", "detail":
		return true
	}
	return false
}

// isDetail tells the attributes that only programs want to know.
func isDetail(key string) bool {
	return key == "state" || strings.HasPrefix(key, "parts_")
}

// words writes a value for people.
func words(v slog.Value) string {
	if v.Kind() != slog.KindDuration {
		return fmt.Sprint(v.Any())
	}
	d, unit := v.Duration(), time.Microsecond
	switch {
	case d >= time.Second:
		unit = time.Millisecond
	case d >= 10*time.Millisecond:
		unit = 100 * time.Microsecond
	}
	return d.Round(unit).String()
}
