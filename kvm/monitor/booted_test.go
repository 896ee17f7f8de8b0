package monitor

import (
	"testing"
	"time"

	"torpor/kvm/wire"
)

func TestPartsOfABoot(t *testing.T) {
	on := time.Now()
	const s = int64(time.Second)
	for name, c := range map[string]struct {
		said *wire.Boot
		want Boot
	}{
		"as it is": {&wire.Boot{Init: 4 * s, Modules: 5 * s, Root: 7 * s, Started: 8 * s},
			Boot{Kernel: 6 * time.Second, Modules: time.Second, Root: 2 * time.Second, Start: time.Second}},
		"nothing": {nil, Boot{Kernel: 10 * time.Second}},
		"before it was on": {&wire.Boot{Init: -90 * s, Modules: 7 * s, Root: 7 * s, Started: 8 * s},
			Boot{Modules: 9 * time.Second, Start: time.Second}},
		"backwards": {&wire.Boot{Init: 7 * s, Modules: 1 * s, Root: 90 * s, Started: 8 * s},
			Boot{Kernel: 9 * time.Second, Root: time.Second}},
	} {
		if got := bootedBy(on.Add(10*time.Second), c.said).parts(on); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}
