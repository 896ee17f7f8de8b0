package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is who may import whom: every package of the module, and all of the
// module's packages that it depends on, directly or not. ARCHITECTURE.md shows
// the same as a picture.
var imports = map[string]string{
	"torpor/spec":             "",
	"torpor/gvisor/netns":     "",
	"torpor/gvisor":           "gvisor/netns sandbox",
	"torpor/gateway":          "event",
	"torpor/image":            "",
	"torpor/output":           "",
	"torpor/sandbox":          "",
	"torpor/event":            "",
	"torpor/systemd":          "event",
	"torpor/systemd/catalog":  "",
	"torpor/cgroup/interrupt": "",
	"torpor/pressure":         "",
	"torpor/cgroup":           "cgroup/interrupt",
	"torpor/hibernate":        "cgroup cgroup/interrupt",
	"torpor/reconcile":        "spec",
	"torpor/api":              "spec",
	"torpor/api/apitest":      "api spec",
	"torpor/doctor":           "cgroup cgroup/interrupt hibernate kvm kvm/acpi kvm/boot kvm/device kvm/jail kvm/machine kvm/memory kvm/monitor kvm/share kvm/virtio kvm/vm kvm/wire sandbox",
	"torpor/man":              "",
	"torpor/install":          "event man spec systemd systemd/catalog",
	"torpor/cli":              "api cgroup cgroup/interrupt doctor event hibernate install kvm kvm/acpi kvm/boot kvm/device kvm/jail kvm/machine kvm/memory kvm/monitor kvm/share kvm/virtio kvm/vm kvm/wire man sandbox spec systemd systemd/catalog",
	"torpor/appliance":        "api cgroup cgroup/interrupt event gateway gvisor gvisor/netns hibernate image kvm kvm/acpi kvm/boot kvm/device kvm/guest kvm/initramfs kvm/jail kvm/machine kvm/memory kvm/monitor kvm/root kvm/share kvm/virtio kvm/vm kvm/wire output pressure reconcile sandbox spec systemd",
	"torpor/acceptance":       "",

	"torpor/kvm/wire":                "",
	"torpor/kvm/initramfs":           "kvm/wire",
	"torpor/kvm/guest":               "",
	"torpor/kvm/root":                "",
	"torpor/kvm/share":               "kvm/jail kvm/wire",
	"torpor/kvm/memory":              "",
	"torpor/kvm/vm":                  "kvm/memory",
	"torpor/kvm/acpi":                "",
	"torpor/kvm/boot":                "kvm/memory kvm/vm",
	"torpor/kvm/virtio":              "kvm/memory kvm/vm",
	"torpor/kvm/virtio/virtiotest":   "kvm/memory kvm/virtio kvm/vm",
	"torpor/kvm/device":              "kvm/memory kvm/virtio kvm/vm",
	"torpor/kvm/machine":             "kvm/acpi kvm/boot kvm/memory kvm/virtio kvm/vm",
	"torpor/kvm/machine/machinetest": "",
	"torpor/kvm/jail":                "",
	"torpor/kvm/monitor":             "kvm/acpi kvm/boot kvm/device kvm/jail kvm/machine kvm/memory kvm/virtio kvm/vm kvm/wire",
	"torpor/kvm":                     "kvm/acpi kvm/boot kvm/device kvm/jail kvm/machine kvm/memory kvm/monitor kvm/share kvm/virtio kvm/vm kvm/wire sandbox",
	"torpor/bench/plots":             "",
	"torpor/bench/process":           "",
	"torpor/bench/soak/pattern":      "",
	"torpor/bench/rival":             "cgroup cgroup/interrupt demo/client demo/wait kvm kvm/acpi kvm/boot kvm/device kvm/guest kvm/initramfs kvm/jail kvm/machine kvm/memory kvm/monitor kvm/root kvm/share kvm/virtio kvm/vm kvm/wire sandbox spec",

	"torpor/demo/wait":    "",
	"torpor/demo/show":    "",
	"torpor/demo/client":  "demo/wait spec",
	"torpor/demo/node":    "api demo/wait spec",
	"torpor/demo/measure": "api demo/client demo/node demo/wait spec",
}

func TestImports(t *testing.T) {
	for _, pkg := range list(t, "./...") {
		want, known := imports[pkg]
		if !known {
			if !isProgram(t, pkg) {
				t.Errorf("%s is not in the table of imports", pkg)
			}
			continue
		}
		var got []string
		for _, dep := range list(t, "-deps", pkg) {
			if name, ours := strings.CutPrefix(dep, "torpor/"); ours && dep != pkg {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s depends on %v, the table says [%s]", pkg, got, want)
		}
	}
}

// TestOnlyGVisorImportsGVisor keeps the runtime's library behind one package.
func TestOnlyGVisorImportsGVisor(t *testing.T) {
	for pkg := range imports {
		for _, line := range list(t, "-f", "{{join .Imports \"\\n\"}}", pkg) {
			if strings.HasPrefix(line, "gvisor.dev/") && pkg != "torpor/gvisor" {
				t.Errorf("%s imports %s", pkg, line)
			}
		}
	}
}

// isProgram tells programs, of which nobody imports anything, from packages.
func isProgram(t *testing.T, pkg string) bool {
	return list(t, "-f", "{{.Name}}", pkg)[0] == "main" || strings.HasPrefix(pkg, "torpor/examples")
}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Fields(string(out))
}
