package appliance_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"torpor/api"
)

func TestFiveHundredConnectionsWakeOnce(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/hold?mib=32", "32")
	before := n.sleep("hello")
	errs := together(500, func(int) error {
		got, err := try(port, "/version")
		if err == nil && got != "" {
			err = fmt.Errorf("answered %q", got)
		}
		return err
	})
	if errs != nil {
		t.Error(errs)
	}
	if f := n.function("hello"); f.Wakes != 1 || f.PID != before.PID {
		t.Errorf("after 500 requests at once: %+v", f)
	}
}

// together runs do for 0 to n-1 at once.
func together(n int, do func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// Not parallel: it is about memory, and all nodes of a machine share its swap.
func TestTenFunctionsWokenAtOnceWithABudgetForThree(t *testing.T) {
	const functions, mib, budget = 10, 48, 260 << 20
	var hcl strings.Builder
	ports := make([]int, functions)
	for i := range ports {
		ports[i] = freePort(t)
		hcl.WriteString(declare(fmt.Sprint("f", i), ports[i]))
	}
	n := newNode(t, nodeWithSwap("260MiB", "1GiB")+hcl.String())
	pids := make(map[string]int)
	for i, port := range ports {
		name := fmt.Sprint("f", i)
		n.expect(port, fmt.Sprint("/hold?mib=", mib), fmt.Sprint(mib))
		n.awaitState(name, "warm", "hibernating", "hibernated")
		pids[name] = n.function(name).PID
	}
	for round := range 3 {
		stop, most := make(chan struct{}), make(chan int64, 1)
		go func() { most <- n.mostResident(stop) }()
		err := together(functions, func(i int) error {
			got, err := try(ports[i], "/check")
			if err == nil && got != fmt.Sprint(mib) {
				err = fmt.Errorf("answered %q", got)
			}
			return err
		})
		if err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		close(stop)
		if peak := <-most; peak > budget*2 {
			t.Errorf("round %d: up to %d MiB were resident, with a budget of %d MiB", round, peak>>20, budget>>20)
		} else {
			t.Logf("round %d: up to %d MiB were resident", round, peak>>20)
		}
	}
	s := n.awaitBudget()
	for _, f := range s.Functions {
		if f.PID != pids[f.Name] || f.ColdStarts != 1 {
			t.Errorf("it was killed: %+v", f)
		}
	}
}

// Not parallel: it is about memory, and all nodes of a machine share its swap.
func TestStormOfWakes(t *testing.T) {
	const functions, mib, crowd = 20, 16, 25
	var hcl strings.Builder
	ports := make([]int, functions)
	for i := range ports {
		ports[i] = freePort(t)
		hcl.WriteString(declare(fmt.Sprint("f", i), ports[i]))
	}
	n := newNode(t, nodeWithSwap("160MiB", "2GiB")+hcl.String())
	for i, port := range ports {
		n.expect(port, fmt.Sprint("/hold?mib=", mib), fmt.Sprint(mib))
		n.sleep(fmt.Sprint("f", i))
	}
	// The last function has the most clients.
	err := together(functions+crowd, func(i int) error {
		got, err := try(ports[min(i, functions-1)], "/check")
		if err == nil && got != fmt.Sprint(mib) {
			err = fmt.Errorf("answered %q", got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, f := range n.awaitBudget().Functions {
		if f.ColdStarts != 1 {
			t.Errorf("it lost its state: %+v", f)
		}
	}
}

// mostResident looks at the node's memory until stop.
func (n *node) mostResident(stop <-chan struct{}) (most int64) {
	for {
		select {
		case <-stop:
			return most
		case <-time.After(glance):
		}
		if s, err := n.Status(n.Context()); err == nil {
			most = max(most, s.Node.ResidentBytes)
		}
	}
}

func (n *node) awaitBudget() (found api.Status) {
	n.Helper()
	n.await("memory to be within the budget", func(s api.Status) bool {
		found = s
		return s.Node.ResidentBytes <= s.Node.BudgetBytes
	})
	return found
}

// Each round puts the function to sleep with clients coming at any moment of it.
func TestHundredsOfSleepsUnderLoad(t *testing.T) {
	t.Parallel()
	const rounds, talkers = 200, 4
	port, raw := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, listenEcho(raw)))
	n.expect(port, "/hold?mib=16", "16")
	before := n.awaitState("hello", "warm")
	clients := make([]*talker, talkers)
	for i := range clients {
		clients[i] = newTalker(n.dial(raw), uint64(i))
	}
	for round := range rounds {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = n.Act(t.Context(), "hello", api.Hibernate) // refused where a client was first
		}()
		time.Sleep(rand.N(120 * time.Millisecond))
		err := together(talkers+1, func(i int) error {
			if i == talkers {
				_, err := try(port, "/count")
				return err
			}
			return clients[i].exchange()
		})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		<-done
		n.awaitFunction("hello", "to be quiet", func(f api.Function) bool { return f.Busy == 0 && f.Waiting == 0 })
	}
	n.expect(port, "/check", "16")
	n.expect(port, "/count", fmt.Sprint(rounds+1))
	f := n.function("hello")
	if f.PID != before.PID || f.ColdStarts != 1 {
		t.Errorf("it was restarted: %+v", f)
	}
	t.Logf("%d wakes, %d deflates turned round", f.Wakes, strings.Count(n.log(), "turned round"))
}

// talker sends a pattern and checks that it comes back.
type talker struct {
	conn      *net.TCPConn
	out, back *pattern
}

func newTalker(conn *net.TCPConn, seed uint64) *talker {
	_ = conn.SetDeadline(time.Time{})
	return &talker{conn: conn, out: newPattern(seed), back: newPattern(seed)}
}

func (t *talker) exchange() error {
	size := 1 + rand.IntN(200_000)
	sent := make(chan error, 1)
	go func() {
		block := make([]byte, size)
		_, _ = t.out.Read(block)
		_, err := t.conn.Write(block)
		sent <- err
	}()
	return errors.Join(samePattern(t.conn, t.back, size), <-sent)
}
