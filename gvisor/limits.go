package gvisor

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// minCPUs is the least number of processors a function is shown: with one,
// some runtimes leave out locks that they need.
const minCPUs = 2

// withLimits adds to the arguments of a Sentry the flags that make it show the
// function its own limits instead of the machine's size, so that runtimes which
// size their heap by it (V8, the JVM) stay below the limit.
//
// gVisor itself sets these flags only when it manages the cgroup.
func withLimits(args []string) []string {
	boot := slices.Index(args, "boot")
	if boot < 0 || slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--cpu-num") }) {
		return args
	}
	flags := limitFlags(bundleOf(args[boot:]))
	last := len(args) - 1 // the container's ID
	return slices.Concat(args[:last], flags, args[last:])
}

// bundleOf reads the bundle named in args; an unreadable one has no limits here
// and is reported by gVisor.
func bundleOf(args []string) specs.Spec {
	var spec specs.Spec
	for _, a := range args {
		if dir, ok := strings.CutPrefix(a, "--bundle="); ok {
			if data, err := os.ReadFile(filepath.Join(dir, "config.json")); err == nil {
				_ = json.Unmarshal(data, &spec)
			}
		}
	}
	return spec
}

func limitFlags(spec specs.Spec) []string {
	cpus := runtime.NumCPU()
	var flags []string
	if spec.Linux == nil || spec.Linux.Resources == nil {
		return nil
	}
	r := spec.Linux.Resources
	if r.CPU != nil && r.CPU.Quota != nil && r.CPU.Period != nil {
		quota := float64(*r.CPU.Quota) / float64(*r.CPU.Period)
		cpus = min(cpus, max(minCPUs, int(math.Ceil(quota))))
		flags = append(flags,
			"--cpu-quota="+strconv.FormatInt(*r.CPU.Quota, 10),
			"--cpu-period="+strconv.FormatUint(*r.CPU.Period, 10))
	}
	if r.Memory != nil && r.Memory.Limit != nil {
		flags = append(flags, "--total-memory="+strconv.FormatInt(*r.Memory.Limit, 10))
	}
	return append(flags, "--cpu-num="+strconv.Itoa(cpus))
}
