package acpi

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var machine = Machine{
	CPUs:      3,
	Devices:   []Device{{Addr: 0xd0000000, Size: 0x1000, Interrupt: 5}, {Addr: 0xd0001000, Size: 0x1000, Interrupt: 6}},
	SleepPort: 0x600,
}

func TestTablesAddUp(t *testing.T) {
	const at = 0xe0000
	all, err := Tables(machine, at)
	if err != nil {
		t.Fatal(err)
	}
	if sum(all[:20]) != 0 || sum(all[:36]) != 0 {
		t.Error("the root's checksums are wrong")
	}
	xsdt := find(t, all, le.Uint64(all[24:])-at, "XSDT")
	if len(xsdt) != 36+16 {
		t.Fatalf("XSDT has %d bytes", len(xsdt))
	}
	fadt := find(t, all, le.Uint64(xsdt[36:])-at, "FACP")
	find(t, all, le.Uint64(xsdt[44:])-at, "APIC")
	find(t, all, le.Uint64(fadt[140:])-at, "DSDT")
}

func TestTooManyProcessorsForTheRoom(t *testing.T) {
	if _, err := Tables(Machine{CPUs: 10000}, 0); err == nil {
		t.Error("no error")
	}
}

// TestDisassembly has Intel's compiler read what we wrote and write it again.
func TestDisassembly(t *testing.T) {
	iasl, err := exec.LookPath("iasl")
	if err != nil {
		t.Skip("iasl, of Debian's acpica-tools, is not installed")
	}
	all, err := Tables(machine, 0)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, want := range []struct{ signature, contains string }{
		{"DSDT", `Name (_HID, "LNRO0005")`},
		{"DSDT", "0xD0001000, // Address Base"},
		{"DSDT", "Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, ) { 0x00000006,"},
		{"DSDT", "Name (_S5, Package (0x04)"},
		{"FACP", "Hardware Reduced (V5) : 1"},
		{"FACP", "VGA Not Present (V4) : 1"},
		{"FACP", "8042 Present on ports 60/64 (V2) : 0"},
		{"FACP", "Address : 0000000000000600"},
		{"APIC", "Local Apic ID : 02"},
		{"APIC", "Address : FEC00000"},
	} {
		at := bytes.Index(all, []byte(want.signature))
		file := filepath.Join(dir, want.signature)
		if err := os.WriteFile(file+".aml", find(t, all, uint64(at), want.signature), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(iasl, "-d", file+".aml").CombinedOutput()
		if err != nil || strings.Contains(string(out), "rror") {
			t.Fatalf("%s: %v\n%s", want.signature, err, out)
		}
		text, err := os.ReadFile(file + ".dsl")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want.contains) {
			t.Errorf("%s does not say %q:\n%s", want.signature, want.contains, text)
		}
	}
}

func TestLengthsCountThemselves(t *testing.T) {
	for _, c := range []struct{ body, head int }{{0, 1}, {62, 1}, {63, 2}, {4093, 2}, {4094, 3}, {1<<20 - 4, 3}, {1<<20 - 3, 4}} {
		if got := len(sized(make(aml, c.body))) - c.body; got != c.head {
			t.Errorf("%d bytes have a length of %d bytes, want %d", c.body, got, c.head)
		}
	}
}

func find(t *testing.T, all []byte, at uint64, signature string) []byte {
	t.Helper()
	table := all[at:]
	if string(table[:4]) != signature {
		t.Fatalf("%s at %#x is %q", signature, at, table[:4])
	}
	table = table[:le.Uint32(table[4:])]
	if sum(table) != 0 {
		t.Errorf("%s has a wrong checksum", signature)
	}
	return table
}

func sum(b []byte) (s byte) {
	for _, c := range b {
		s += c
	}
	return s
}
