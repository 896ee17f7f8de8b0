package gvisor

import (
	"context"

	"github.com/google/subcommands"
	"gvisor.dev/gvisor/pkg/metric"
	"gvisor.dev/gvisor/runsc/cmd"
	"gvisor.dev/gvisor/runsc/cmd/util"
	"gvisor.dev/gvisor/runsc/flag"
)

// shrinkMetric is a metric of the Sentry that shrinks it when it is read. Its
// control server can be given no calls of ours, but asks each metric for its value.
const (
	shrinkMetric           = "/torpor/threads"
	shrinkMetricPrometheus = "torpor_threads"
)

// sentry is gVisor's, which can also be shrunk.
type sentry struct{ cmd.Boot }

// Execute implements subcommands.Command.
func (s *sentry) Execute(ctx context.Context, f *flag.FlagSet, args ...any) subcommands.ExitStatus {
	if err := makeShrinkable(); err != nil {
		util.Fatalf("%v", err)
	}
	return s.Boot.Execute(ctx, f, args...)
}

func makeShrinkable() error {
	mapped, err := watchMappings()
	if err != nil {
		return err
	}
	platform, err := usePlatform()
	if err != nil {
		return err
	}
	return metric.RegisterCustomUint64Metric(shrinkMetric,
		metric.Uint64Metadata{Description: "Threads that are left after shrinking the Sentry."},
		func(...*metric.FieldValue) uint64 {
			platform.spaces.shrink()
			shrinkProcess(mapped, platform.parent)
			return uint64(threads())
		})
}
