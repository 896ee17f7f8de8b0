package appliance_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// use is what a daemon takes of the machine.
type use struct {
	files, threads, rssKiB int
}

func (n *node) use() use {
	n.Helper()
	proc := fmt.Sprintf("/proc/%d/", n.process.Process.Pid)
	fds, err := os.ReadDir(proc + "fd")
	if err != nil {
		n.Fatal(err)
	}
	u := use{files: len(fds)}
	for line := range strings.Lines(n.read(proc + "status")) {
		_, _ = fmt.Sscanf(line, "Threads: %d", &u.threads)
		_, _ = fmt.Sscanf(line, "VmRSS: %d kB", &u.rssKiB)
	}
	return u
}

func TestDaemonLeaksNothing(t *testing.T) {
	t.Parallel()
	port, raw := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, listenEcho(raw)))
	cycles := func(count int) {
		for range count {
			conn := n.dial(raw)
			n.say(conn, "hello")
			n.get(port, "/count")
			n.sleep("hello")
			n.say(conn, "woken")
			conn.Close()
		}
	}
	// Empty pipes and idle threads are kept for later use: a few of each.
	const files, threads, rssKiB = 8, 4, 16 << 10
	cycles(20)
	before := n.use()
	cycles(100)
	n.until(fmt.Sprintf("the daemon to use no more than %+v", before), func() bool {
		now := n.use()
		return now.files <= before.files+files && now.threads <= before.threads+threads && now.rssKiB <= before.rssKiB+rssKiB
	})
	t.Logf("before: %+v, after: %+v", before, n.use())
}
