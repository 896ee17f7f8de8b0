package appliance_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// prefetches are the sizes that the log tells of the wakes of functions until now.
func (n *node) prefetches() (sizes []string) {
	n.Helper()
	for line := range strings.Lines(n.log()) {
		if !strings.Contains(line, "first reply after its wake") {
			continue
		}
		found := regexp.MustCompile(`prefetch=("[^"]*"|\S+)`).FindStringSubmatch(line)
		if found == nil {
			n.Fatalf("no prefetch in %q", line)
		}
		sizes = append(sizes, strings.Trim(found[1], `"`))
	}
	return sizes
}

// wakeNumber has a sleeping function answer, and returns once that wake, the nth of the log,
// was told of.
func (n *node) wakeNumber(nth, port int) (prefetch string) {
	n.Helper()
	n.get(port, "/count")
	n.until(fmt.Sprint("wake ", nth, " to be told of"), func() bool { return len(n.prefetches()) >= nth })
	return n.prefetches()[nth-1]
}

const nothing = "0 B"

func TestWorkingSetOutlivesTheDaemon(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/hold?mib=8", "8")
	before := n.sleep("hello")
	if got := n.wakeNumber(1, port); got != nothing {
		t.Errorf("the first wake prefetched %s, and nobody could know what", got)
	}
	n.sleep("hello")

	n.kill()
	n.start()
	if got := n.wakeNumber(2, port); got == nothing {
		t.Error("the first wake by another daemon prefetched nothing")
	}
	n.expect(port, "/check", "8")
	if f := n.function("hello"); f.PID != before.PID || f.ColdStarts != 1 {
		t.Errorf("it was started anew: %+v, before %+v", f, before)
	}
}

func TestDamagedWorkingSet(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/hold?mib=8", "8")
	before := n.sleep("hello")
	n.wakeNumber(1, port)
	n.sleep("hello")
	n.stop()
	n.changeRecord("hello", func(record map[string]any) {
		text, _ := record["WorkingSet"].(string)
		if text == "" {
			t.Fatalf("there is none in %v", record)
		}
		record["WorkingSet"] = text[:len(text)/2] + "?" + text[len(text)/2:]
	})
	n.start()
	n.awaitLog("its record holds no good working set")
	if got := n.wakeNumber(2, port); got != nothing {
		t.Errorf("%s were prefetched by a damaged set", got)
	}
	n.expect(port, "/check", "8")
	if f := n.function("hello"); f.PID != before.PID || f.ColdStarts != 1 {
		t.Errorf("it was started anew: %+v, before %+v", f, before)
	}
	n.sleep("hello")
	if got := n.wakeNumber(3, port); got == nothing {
		t.Error("nothing was noted after that wake")
	}
}

// A sandbox that is new knows nothing of the pages of the one before.
func TestWorkingSetOfASandboxThatIsGone(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	n.sleep("hello")
	n.wakeNumber(1, port)
	n.killSandbox(n.sleep("hello"))
	n.awaitState("hello", "cold")
	n.expect(port, "/count", "1")
	n.sleep("hello")
	if got := n.wakeNumber(2, port); got != nothing {
		t.Errorf("its first wake prefetched %s", got)
	}
}

// changeRecord edits what a daemon, which does not run, has kept of a function.
func (n *node) changeRecord(function string, change func(map[string]any)) {
	n.Helper()
	path := filepath.Join(n.state, "functions", function+".json")
	text, err := os.ReadFile(path)
	if err != nil {
		n.Fatal(err)
	}
	var record map[string]any
	if err := json.Unmarshal(text, &record); err != nil {
		n.Fatal(err)
	}
	change(record)
	if text, err = json.Marshal(record); err != nil {
		n.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		n.Fatal(err)
	}
}
