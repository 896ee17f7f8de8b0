package appliance

import (
	"errors"
	"strings"
	"testing"

	"torpor/kvm"
	"torpor/spec"
)

// TestAutoChooses tries what isolation = "auto" takes for what was found.
func TestAutoChooses(t *testing.T) {
	tcp := spec.Function{
		Isolation: spec.IsolationAuto, Limits: spec.Limits{Memory: 256 * spec.MiB},
		Listens: []spec.Listen{{Protocol: spec.ProtocolTCP}},
	}
	udp, small := tcp, tcp
	udp.Listens = []spec.Listen{{Protocol: spec.ProtocolTCP}, {Protocol: spec.ProtocolUDP}}
	small.Limits.Memory = leastMachine - 1
	good := kvm.Finding{Verdict: kvm.Usable, Found: "in hardware"}
	for _, c := range []struct {
		name   string
		m      machines
		f      spec.Function
		kernel error
		want   string
		why    string
	}{
		{"hardware", machines{found: good}, tcp, nil, spec.IsolationKVM, "in hardware"},
		{"slow", machines{found: kvm.Finding{Verdict: kvm.Slow, Found: "slow"}}, tcp, nil, spec.IsolationGVisor, "KVM is slow"},
		{"emulated", machines{found: kvm.Finding{Verdict: kvm.Emulated, Found: "emulated"}}, tcp, nil, spec.IsolationGVisor, "KVM is emulated"},
		{"no device", machines{found: kvm.Finding{Verdict: kvm.NoDevice, Found: "not there"}}, tcp, nil, spec.IsolationGVisor, "not there"},
		{"no init", machines{found: good, init: errors.New("not built")}, tcp, nil, spec.IsolationGVisor, "not built"},
		{"no kernel", machines{found: good}, tcp, errors.New("no kernel"), spec.IsolationGVisor, "no kernel"},
		{"UDP", machines{found: good}, udp, nil, spec.IsolationKVM, "in hardware"},
		{"little memory", machines{found: good}, small, nil, spec.IsolationGVisor, "88MiB"},
	} {
		if got, why := c.m.choose(c.f, c.kernel); got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %s, as %q; want %s, as %q", c.name, got, why, c.want, c.why)
		}
	}
}

// TestDeclaredIsolationIsTaken: what is written is obeyed or refused, and never replaced.
func TestDeclaredIsolationIsTaken(t *testing.T) {
	for _, verdict := range []kvm.Verdict{kvm.Usable, kvm.NoDevice, kvm.Emulated, kvm.Slow} {
		m := machines{found: kvm.Finding{Verdict: verdict, Found: "found", Advice: "do something"}}
		for _, isolation := range []string{spec.IsolationGVisor, spec.IsolationKVM} {
			if got, _ := m.choose(spec.Function{Isolation: isolation}, nil); got != isolation {
				t.Errorf("verdict %d: %s for %s", verdict, got, isolation)
			}
		}
		err := m.unusable()
		if usable := verdict == kvm.Usable || verdict == kvm.Slow; (err == nil) != usable {
			t.Errorf("verdict %d: %v", verdict, err)
		}
		if err != nil && !strings.Contains(err.Error(), "do something") {
			t.Errorf("verdict %d: the error gives no advice: %v", verdict, err)
		}
	}
}
