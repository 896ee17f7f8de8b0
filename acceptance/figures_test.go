//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// exampleFigures are the examples that are measured, and where they listen.
var exampleFigures = map[string]string{
	"hello-go": "127.0.0.1:18080", "hello-python": "127.0.0.1:18081", "hello-node": "127.0.0.1:18082",
}

// TestFigures tells what the examples keep and how fast they are in this guest, under systemd. Nothing is asserted but
// that they sleep and come back: a guest may be emulated.
func TestFigures(t *testing.T) {
	declare(t, smallNode+"locals {\n  nobody = \"65534:65534\"\n}\n")
	copied := t.TempDir() // gVisor makes folders for mounts in root file systems
	for name := range exampleFigures {
		run(t, "cp", "-a", filepath.Join(suiteDir, "examples", name), copied)
		bePatient(t, filepath.Join(copied, name, "function.hcl"))
		link := filepath.Join(configDir, name)
		if err := os.Symlink(filepath.Join(copied, name), link); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.Remove(link); err != nil {
				t.Error(err)
			}
		})
	}
	systemctl(t, "reload", "torpor")
	for _, name := range []string{"hello-go", "hello-python", "hello-node"} {
		address := exampleFigures[name]
		cold := timed(t, func() { hello(t, "http://"+address+"/") })
		warm := timed(t, func() { hello(t, "http://"+address+"/") })
		var wakes []time.Duration
		var asleep function
		for range 5 {
			sleep(t, name)
			asleep = find(t, name)
			wakes = append(wakes, timed(t, func() { hello(t, "http://"+address+"/") }))
		}
		slices.Sort(wakes)
		woken := find(t, name)
		t.Logf("%-12s cold %s, warm %s, wake %s; memory warm %s, asleep %s (%.1f %%), woken %s", name,
			round(cold), round(warm), round(wakes[len(wakes)/2]),
			mib(asleep.WarmBytes), mib(asleep.ResidentBytes), 100*float64(asleep.ResidentBytes)/float64(asleep.WarmBytes), mib(woken.ResidentBytes))
		if asleep.State != "hibernated" || woken.Wakes < 5 {
			t.Errorf("%s has not slept and come back: %+v", name, woken)
		}
	}
}

// bePatient gives the function of an example the time that an emulated guest takes.
func bePatient(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const times = "  ready {\n    timeout = \"5m\"\n  }\n  hold {\n    timeout = \"5m\"\n  }\n  listen "
	write(t, file, strings.Replace(string(text), "  listen ", times, 1))
}

// TestStartWithFifty tells how long the daemon takes until it is ready with fifty functions declared, none running.
func TestStartWithFifty(t *testing.T) {
	var hcl strings.Builder
	for i := range 50 {
		hcl.WriteString(roleHCL(t, fmt.Sprintf("declared-%d", i), roleEcho, fmt.Sprintf("127.0.0.1:%d", 7700+i)))
	}
	declare(t, hcl.String())
	systemctl(t, "stop", "torpor")
	systemctl(t, "start", "torpor")
	micros := func(name string) int64 {
		n, err := strconv.ParseInt(property(t, "torpor.service", name), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	took := micros("ActiveEnterTimestampMonotonic") - micros("InactiveExitTimestampMonotonic")
	t.Logf("from start to ready with 50 functions declared: %s", round(time.Duration(took)*time.Microsecond))
	echo(t, "127.0.0.1:7749")
}

func timed(t *testing.T, do func()) time.Duration {
	t.Helper()
	began := time.Now()
	do()
	return time.Since(began)
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
