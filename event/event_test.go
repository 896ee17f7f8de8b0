package event

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"
)

func TestKindsAreDistinct(t *testing.T) {
	id := regexp.MustCompile(`^[0-9a-f]{32}$`)
	seen := make(map[string]bool)
	for _, k := range All() {
		if !id.MatchString(k.ID) {
			t.Errorf("%s has the ID %q", k, k.ID)
		}
		for _, once := range []string{k.ID, k.Name} {
			if seen[once] {
				t.Errorf("%s: %s is used twice", k, once)
			}
			seen[once] = true
		}
	}
	if len(seen) == 0 {
		t.Error("there are no kinds")
	}
}

func TestKindInALogLine(t *testing.T) {
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("asleep", Asleep, "keeps", Bytes(1536<<10))
	if !strings.Contains(out.String(), `"event":"asleep","keeps":1572864`) {
		t.Errorf("JSON: %s", &out)
	}
	out.Reset()
	slog.New(slog.NewTextHandler(&out, nil)).Info("asleep", "keeps", Bytes(1536<<10))
	if !strings.Contains(out.String(), `keeps="1.5 MiB"`) {
		t.Errorf("text: %s", &out)
	}
}

func TestOf(t *testing.T) {
	if k := Of(Asleep); k == nil || k.Name != "asleep" {
		t.Errorf("got %v", k)
	}
	for _, other := range []slog.Attr{slog.String("event", "asleep"), slog.Any("reason", &Kind{})} {
		if k := Of(other); k != nil {
			t.Errorf("%v is taken for the kind %v", other, k)
		}
	}
}
