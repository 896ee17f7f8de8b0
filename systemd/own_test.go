package systemd

import "testing"

func TestUnitIn(t *testing.T) {
	for cgroups, want := range map[string]string{
		"0::/torpor.slice/torpor.service\n":                                   "torpor.service",
		"9:memory:/x.service\n1:name=systemd:/system.slice/b.service\n0::/\n": "b.service",
		"3:memory:/user.slice\n0::/user.slice/user-0.slice/session-1.scope\n": "session-1.scope",
		"0::/\n":                "",
		"12:cpu:/a.service\n":   "",
		"":                      "",
		"0::/torpor.slice\n":    "",
		"not what it should be": "",
	} {
		if got := unitIn(cgroups); got != want {
			t.Errorf("%q: %q, want %q", cgroups, got, want)
		}
	}
}
