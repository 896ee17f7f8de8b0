package appliance_test

import (
	"context"
	"strings"
	"time"

	"torpor/api"
)

// glance is the pause between two looks at something that is waited for.
const glance = 5 * time.Millisecond

// until looks until done, or for as long as patience lasts.
func (n *node) until(what string, done func() bool) {
	n.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(glance) {
		if time.Now().After(end) {
			n.Fatalf("waited in vain for %s; status: %+v", what, n.lastStatus())
		}
	}
}

// await waits for a status.
func (n *node) await(what string, done func(api.Status) bool) {
	n.Helper()
	n.until(what, func() bool {
		s, err := n.Status(n.Context())
		return err == nil && done(s)
	})
}

// awaitFunction waits for a status of one function, and returns it.
func (n *node) awaitFunction(name, what string, done func(api.Function) bool) api.Function {
	n.Helper()
	var found api.Function
	n.await(name+" "+what, func(s api.Status) bool {
		for _, f := range s.Functions {
			if f.Name == name {
				found = f
				return done(f)
			}
		}
		return false
	})
	return found
}

// awaitState waits until a function is in one of the states.
func (n *node) awaitState(name string, states ...string) api.Function {
	n.Helper()
	return n.awaitFunction(name, "to be "+strings.Join(states, " or "), func(f api.Function) bool {
		for _, s := range states {
			if f.State == s {
				return true
			}
		}
		return false
	})
}

// awaitLog waits until the daemon has said something.
func (n *node) awaitLog(text string) {
	n.Helper()
	n.until("the log to say "+text, func() bool { return strings.Contains(n.log(), text) })
}

// function is the present status of one function.
func (n *node) function(name string) api.Function {
	n.Helper()
	return n.awaitFunction(name, "to be known", func(api.Function) bool { return true })
}

func (n *node) lastStatus() any {
	s, err := n.Status(context.Background())
	if err != nil {
		return err
	}
	return s
}

// sleep puts a function to sleep as soon as it is idle, and returns its status.
func (n *node) sleep(name string) api.Function {
	n.Helper()
	n.until(name+" to fall asleep", func() bool {
		_, err := n.Act(n.Context(), name, api.Hibernate)
		if err != nil && !strings.Contains(err.Error(), "busy") && !strings.Contains(err.Error(), "a request") {
			n.Fatalf("hibernate %s: %v", name, err)
		}
		return err == nil
	})
	return n.awaitState(name, "hibernated")
}
