package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Fleets listen on a loopback address that is not in use otherwise, on ports below those that the kernel gives
// away.
const (
	fleetAddress = "127.0.8.1"
	firstPort    = 20000
)

// fleet is many declared functions, all of the same small program, in a folder of its own.
type fleet struct {
	temp     string // everything is in it
	dir      string // of the HCL files; not temp, as the daemon watches the parent too, and /tmp is never quiet
	rootfs   string
	size     int
	together bool            // in one file
	after    []time.Duration // of idleness that each sleeps
}

// newFleet writes the files of a fleet; remove deletes them.
func newFleet(size int, together bool) (*fleet, error) {
	rootfs, err := filepath.Abs("examples/hello-go/rootfs")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	temp, err := os.MkdirTemp("", "torpor-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	f := &fleet{temp: temp, dir: filepath.Join(temp, "config"), rootfs: rootfs, size: size, together: together}
	for range size {
		f.after = append(f.after, time.Hour)
	}
	if err := f.write(); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	return f, nil
}

func (f *fleet) remove() error { return os.RemoveAll(f.temp) }

func (f *fleet) write() error {
	const node = "node {\n  memory_budget = \"4GiB\"\n  swap {\n    size = \"1GiB\"\n  }\n}\n"
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if err := f.save("node", node); err != nil {
		return err
	}
	for n := range f.size {
		if err := f.saveFunction(n); err != nil || f.together {
			return err
		}
	}
	return nil
}

// saveFunction writes the file that a function is in.
func (f *fleet) saveFunction(n int) error {
	if !f.together {
		return f.save(f.name(n), f.declaration(n))
	}
	var all strings.Builder
	for n := range f.size {
		all.WriteString(f.declaration(n))
	}
	return f.save("functions", all.String())
}

// change declares another idle time for a function.
func (f *fleet) change(n int, after time.Duration) error {
	f.after[n] = after
	return f.saveFunction(n)
}

// save replaces a file in one step, as editors do.
func (f *fleet) save(name, text string) error {
	path := filepath.Join(f.dir, name+".hcl")
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

func (f *fleet) name(n int) string { return fmt.Sprintf("f%04d", n) }

func (f *fleet) declaration(n int) string {
	return fmt.Sprintf(`function %q {
  rootfs  = %q
  command = ["/hello"]
  env     = { PORT = "8080" }

  listen "http" {
    address = "%s:%d"
    port    = 8080
  }
  hibernate {
    after = %q
  }
}
`, f.name(n), f.rootfs, fleetAddress, firstPort+n, f.after[n])
}
