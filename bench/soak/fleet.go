package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Functions listen on a loopback address that is not in use otherwise, on ports below those that the kernel gives away.
const (
	address      = "127.0.9.1"
	firstPort    = 20000
	maxFunctions = 10000

	pages = 64 // of memory that each has to remember
	// wokenSize is about what one takes awake that has slept before, asleepSize what it keeps asleep at least, and swapSize
	// more than it leaves in swap.
	wokenSize  = 8 << 20
	asleepSize = 3 << 19
	swapSize   = 18 << 20
)

// fleet is what is declared of a node, in a folder of its own.
type fleet struct {
	temp      string
	dir       string // of the HCL files; not temp, as the daemon watches the parent too, and /tmp is never quiet
	rootfs    string
	budget    int64
	swap      int64
	quiet     bool // nobody sleeps but by the budget or when told to
	functions []*function
}

// newFleet makes the folder; remove deletes it.
func newFleet() (*fleet, error) {
	rootfs, err := filepath.Abs("bench/soak/counter/rootfs")
	if err != nil {
		return nil, fmt.Errorf("soak: %w", err)
	}
	temp, err := os.MkdirTemp("", "torpor-soak-")
	if err != nil {
		return nil, fmt.Errorf("soak: %w", err)
	}
	f := &fleet{temp: temp, dir: filepath.Join(temp, "config"), rootfs: rootfs}
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("soak: %w", err), f.remove())
	}
	return f, nil
}

func (f *fleet) remove() error { return os.RemoveAll(f.temp) }

// add makes functions of numbers from the last one on; after says how long each is idle before it sleeps.
func (f *fleet) add(count int, seed uint64, after func(n int) time.Duration) error {
	for range count {
		n := len(f.functions)
		next := newFunction(fmt.Sprintf("s%04d", n), fmt.Sprintf("%s:%d", address, firstPort+n), seed+uint64(n), after(n))
		l, err := net.Listen("tcp", next.address)
		if err != nil {
			return fmt.Errorf("soak: the address of %s is taken: %w", next.name, err)
		}
		if err := l.Close(); err != nil {
			return fmt.Errorf("soak: %w", err)
		}
		f.functions = append(f.functions, next)
	}
	return nil
}

// declare writes the file, in one step, as editors do.
func (f *fleet) declare() error {
	var text strings.Builder
	pressure := ""
	if f.quiet {
		pressure = "  pressure = \"never\"\n"
	}
	fmt.Fprintf(&text, "node {\n  memory_budget = \"%dMiB\"\n%s  swap {\n    size = \"%dMiB\"\n  }\n}\n", f.budget>>20, pressure, f.swap>>20)
	for _, fn := range f.functions {
		fmt.Fprintf(&text, `
function %q {
  rootfs  = %q
  command = ["/counter"]
  env     = { PORT = "8080", SEED = "%d", PAGES = "%d" }

  limits {
    memory = "64MiB"
  }
  listen "stream" {
    address = %q
    port    = 8080
  }
  listen "datagrams" {
    address  = %q
    protocol = "udp"
    port     = 8080
  }
  hibernate {
    after = %q
  }
}
`, fn.name, f.rootfs, fn.memory.seed, pages, fn.address, fn.address, fn.after)
	}
	path := filepath.Join(f.dir, "node.hcl")
	if err := os.WriteFile(path+".new", []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("soak: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("soak: %w", err)
	}
	return nil
}
