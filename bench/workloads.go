package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"torpor/spec"
)

// workloadsDir has the paper's functions, one of each.
const workloadsDir = "bench/workloads"

// workload is one of the paper's eight, and the figures that it gives, read off its charts.
type workload struct {
	name  string // of the function
	label string
	paper paperFigures
	spec.Function
}

// paperFigures are of "Hibernate Container" (arXiv 2305.10963): milliseconds, and MB of PSS.
type paperFigures struct {
	cold, warm, fault, reap, woken float64
	warmMB, asleepMB, wokenMB      float64
}

// hello tells the four that only say hello.
func (w workload) hello() bool { return strings.HasPrefix(w.name, "hello-") }

// heavyFrom is the time of a warm request from which a workload is a heavy one: by the paper, whatever is measured.
const heavyFrom = 100 // ms

func (w workload) heavy() bool { return w.paper.warm > heavyFrom }

// workloads are in the order of the paper: all, or only those that are named, with commas between.
func workloads(only string) ([]workload, error) {
	all := []workload{
		{name: "float-operation", label: "float-operation", paper: paperFigures{560, 1.5, 115, 20, 1.4, 41, 8, 17}},
		{name: "video-processing", label: "video-processing", paper: paperFigures{3900, 1500, 2000, 1500, 1450, 226, 16, 75}},
		{name: "image-small", label: "image-processing, 8 KB", paper: paperFigures{1300, 50, 190, 70, 50, 46, 8, 21}},
		{name: "image-large", label: "image-processing, 2.6 MB", paper: paperFigures{4200, 2500, 2800, 2800, 2500, 281, 29, 253}},
		{name: "hello-python", label: "hello, Python", paper: paperFigures{580, 1.7, 110, 17, 1.6, 41, 8, 17}},
		{name: "hello-node", label: "hello, Node.js", paper: paperFigures{560, 1.4, 140, 25, 1.2, 89, 11, 25}},
		{name: "hello-go", label: "hello, Go", paper: paperFigures{400, 0.6, 20, 12, 0.6, 16, 4, 9}},
		{name: "hello-java", label: "hello, Java", paper: paperFigures{1080, 1.05, 170, 38, 1.7, 72, 6, 25}},
	}
	config, diags, _ := spec.Load(workloadsDir)
	if diags.HasErrors() {
		return nil, fmt.Errorf("bench: %w", errors.Join(diags.Errs()...))
	}
	declared := make(map[string]spec.Function)
	for _, f := range config.Functions {
		declared[f.Name] = f
	}
	for i := range all {
		f, ok := declared[all[i].name]
		if !ok {
			return nil, fmt.Errorf("bench: %s does not declare the function %q", workloadsDir, all[i].name)
		}
		all[i].Function = f
	}
	if only == "" {
		return all, nil
	}
	var some []workload
	for _, name := range strings.Split(only, ",") {
		at := slices.IndexFunc(all, func(w workload) bool { return w.name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no workload %q: see %s", name, workloadsDir)
		}
		some = append(some, all[at])
	}
	return some, nil
}

// Instances listen here, through torpor.
const (
	instanceAddress = "127.0.8.2"
	instancePort    = 20000
)

// declareInstances writes the configuration of a node with n instances of a workload.
func declareInstances(dir string, w workload, n int, prefetch bool) error {
	var text strings.Builder
	text.WriteString("node {\n  pressure = \"never\"\n  swap {\n    size = \"6GiB\"\n  }\n}\n")
	for i := range n {
		fmt.Fprintf(&text, `
function "%s-%d" {
  rootfs  = %q
  command = [%s]

  limits {
    memory = "%dMiB"
  }
  listen "http" {
    address = "%s:%d"
    port    = %d
  }
  hibernate {
    after    = "10h"
    prefetch = %t
  }
}
`, w.name, i, w.Rootfs, quoted(w.Command), w.Limits.Memory>>20, instanceAddress, instancePort+i, w.Listens[0].Port, prefetch)
	}
	path := filepath.Join(dir, "node.hcl")
	if err := os.WriteFile(path+".new", []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return os.Rename(path+".new", path)
}

func quoted(words []string) string {
	var all []string
	for _, word := range words {
		all = append(all, fmt.Sprintf("%q", word))
	}
	return strings.Join(all, ", ")
}
