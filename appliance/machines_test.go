package appliance

import (
	"runtime"
	"testing"

	"torpor/kvm"
)

func TestProcessorsOfAMachine(t *testing.T) {
	for limit, want := range map[float64]int{0: runtime.NumCPU(), 0.1: 1, 1: 1, 1.5: 2, 3: 3, 4096: kvm.MaxCPUs} {
		if got := processors(limit); got != want {
			t.Errorf("limits.cpus = %v: %d processors, want %d", limit, got, want)
		}
	}
}
