package gateway

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged logBuffer
		log := slog.New(slog.NewTextHandler(&logged, nil))
		var th throttle
		for range 5 {
			th.warn(log, "too many")
		}
		time.Sleep(time.Second)
		th.warn(log, "too many")
		if got := logged.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "more=4") {
			t.Errorf("logged: %s", got)
		}
	})
}
