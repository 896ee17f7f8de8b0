package main

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// maxNames bounds how much a sender can have this program remember.
const maxNames = 10_000

// counters are what was counted since the program started.
type counters struct {
	mu      sync.Mutex
	values  map[string]int64
	refused int64 // lines
}

func newCounters() *counters { return &counters{values: make(map[string]int64)} }

var lineForm = regexp.MustCompile(`^([A-Za-z0-9_.-]{1,100}):(-?[0-9]{1,15})\|c$`)

// add counts the lines of one datagram.
func (c *counters) add(datagram string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for line := range strings.Lines(datagram) {
		m := lineForm.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || len(c.values) == maxNames && !c.knows(m[1]) {
			c.refused++
			continue
		}
		n, _ := strconv.ParseInt(m[2], 10, 64)
		c.values[m[1]] += n
	}
}

func (c *counters) knows(name string) bool {
	_, known := c.values[name]
	return known
}

// ServeHTTP tells all counts.
func (c *counters) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	values, refused := maps.Clone(c.values), c.refused
	c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintln(w, name, values[name])
	}
	fmt.Fprintln(w, "refused lines:", refused)
}
