package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"torpor/bench/process"
	"torpor/demo/node"
)

// sample is what the node takes of the machine at one moment.
type sample struct {
	At        time.Time
	Daemon    process.Memory
	Use       process.Use
	CPU       time.Duration // of the daemon, since it started
	Awake     int           // functions
	Asleep    int
	Resident  int64 // bytes of all functions
	Keeps     int64 // of it, those asleep
	Swapped   int64
	SwapUsed  int64 // bytes of the node's swap file
	CGroups   int   // directories in all hierarchies
	Processes int   // in these groups
	Files     int   // in the folders of the node
	Wakes     int   // that status tells of
	OtherSwap bool  // is there besides, so that what is in swap can be anybody's
}

// take looks at everything.
func take(ctx context.Context, n *node.Node) (s sample, err error) {
	now, err := n.Status(ctx)
	if err != nil {
		return s, err
	}
	s.At = time.Now()
	for _, f := range now.Functions {
		switch {
		case node.Awake(f):
			s.Awake++
		case node.Asleep(f):
			s.Asleep++
			s.Keeps += f.ResidentBytes
		}
		s.Resident += f.ResidentBytes
		s.Swapped += f.SwappedBytes
		s.Wakes += f.Wakes
	}
	s.SwapUsed = now.Node.SwapUsedBytes
	if s.Daemon, err = process.MemoryOf(n.PID()); err != nil {
		return s, err
	}
	if s.Use, err = process.UseOf(n.PID()); err != nil {
		return s, err
	}
	if s.CPU, err = process.CPUTime(n.PID()); err != nil {
		return s, err
	}
	if err := s.countGroups(n.Group()); err != nil {
		return s, err
	}
	if s.OtherSwap, err = otherSwap(n.Dir()); err != nil {
		return s, err
	}
	s.Files, err = countFiles(n.Dir())
	return s, err
}

// otherSwap tells whether there is swap outside of a folder (proc_swaps(5)).
func otherSwap(dir string) (bool, error) {
	text, err := os.ReadFile("/proc/swaps")
	if err != nil {
		return false, fmt.Errorf("soak: %w", err)
	}
	head := true
	for line := range strings.Lines(string(text)) {
		if !head && !strings.HasPrefix(line, dir+"/") {
			return true, nil
		}
		head = false
	}
	return false, nil
}

// countGroups counts the control groups below those of a name, and their processes.
func (s *sample) countGroups(name string) error {
	if name == "" {
		return nil // there was no sandbox yet
	}
	processes := make(map[string]bool)
	for _, pattern := range []string{"/sys/fs/cgroup/" + name, "/sys/fs/cgroup/*/" + name} {
		roots, err := filepath.Glob(pattern)
		if err != nil {
			return fmt.Errorf("soak: %w", err)
		}
		for _, root := range roots {
			err := walk(root, func(path string, d fs.DirEntry) error {
				switch {
				case d.IsDir() && path != root:
					s.CGroups++
				case d.Name() == "cgroup.procs":
					text, _ := os.ReadFile(path) // gone since, or a group of threads
					for pid := range strings.FieldsSeq(string(text)) {
						processes[pid] = true
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	s.Processes = len(processes)
	return nil
}

func countFiles(dir string) (files int, err error) {
	return files, walk(dir, func(_ string, d fs.DirEntry) error {
		if !d.IsDir() {
			files++
		}
		return nil
	})
}

// walk leaves out what goes while it walks.
func walk(root string, visit func(path string, d fs.DirEntry) error) error {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		return visit(path, d)
	})
	if err != nil {
		return fmt.Errorf("soak: %w", err)
	}
	return nil
}

// swapIO is how much this machine has written to and read from swap since it started, in bytes, whoever it was for.
func swapIO() (in, out int64, err error) {
	text, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return 0, 0, fmt.Errorf("soak: %w", err)
	}
	page := int64(os.Getpagesize())
	for line := range strings.Lines(string(text)) {
		var n int64
		if k, _ := fmt.Sscanf(line, "pswpin %d", &n); k == 1 {
			in = n * page
		}
		if k, _ := fmt.Sscanf(line, "pswpout %d", &n); k == 1 {
			out = n * page
		}
	}
	return in, out, nil
}
