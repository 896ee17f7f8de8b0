package spec

import (
	"time"

	"github.com/hashicorp/hcl/v2"
)

// The values of Function.Isolation.
const (
	IsolationAuto   = "auto" // KVM where it is usable, gVisor otherwise
	IsolationGVisor = "gvisor"
	IsolationKVM    = "kvm"
)

// The values of Function.Scratch: where the writable layer above the root file system is.
const (
	ScratchMemory = "memory"
	ScratchDisk   = "disk"
)

// The values of Function.Start.
const (
	StartOnDemand = "demand" // with the first connection
	StartAtBoot   = "boot"   // with the daemon
)

// Function is one function block.
type Function struct {
	Name        string
	Rootfs      string            // absolute path of a folder; or else Image is set
	Image       string            // absolute path of a layout or archive, or a registry reference
	Command     []string          // never empty with Rootfs; empty with Image: the image's own
	Args        []string          // after the command, or after the image's
	Env         map[string]string // added to the image's
	User        string            // "": root or the image's; "uid", "uid:gid", "name", "name:group"
	WorkingDir  string            // absolute; "": "/" or the image's
	Mounts      []Mount
	Scratch     string
	Isolation   string
	Start       string
	Limits      Limits
	Listens     []Listen // at least one
	Ready       Ready
	Hibernate   Hibernate
	Hold        Hold
	StopTimeout time.Duration // from SIGTERM to SIGKILL

	// Runtime is what Isolation comes to on this node, IsolationGVisor or IsolationKVM.
	// The daemon knows that; without one it is empty.
	Runtime string `json:"-"`

	Range  hcl.Range      `json:"-"`
	Ranges FunctionRanges `json:"-"`
}

// FunctionRanges is where attributes are; for those that are not written, where the function is.
type FunctionRanges struct {
	Root      hcl.Range // rootfs or image
	Command   hcl.Range
	Isolation hcl.Range
}

// Fingerprint changes with what a running sandbox cannot take over: what is in it and how it is kept
// apart. Listeners, readiness and times are not part of it, nor limits, but for limits.pids, which is
// held inside, and all of a virtual machine, which has as much memory as it was made with.
func (f Function) Fingerprint() string {
	essence := Function{
		Rootfs: f.Rootfs, Image: f.Image, Command: f.Command, Args: f.Args, Env: f.Env,
		User: f.User, WorkingDir: f.WorkingDir, Mounts: f.Mounts, Scratch: f.Scratch, Isolation: f.Isolation,
		Limits: Limits{Pids: f.Limits.Pids},
	}
	if f.Runtime == IsolationKVM {
		essence.Isolation, essence.Limits = IsolationKVM, f.Limits
	}
	return hash(essence)
}

func functionSchema() *hcl.BodySchema {
	return schema("rootfs image command args env user working_dir scratch isolation start stop_timeout",
		hcl.BlockHeaderSchema{Type: "mount"},
		hcl.BlockHeaderSchema{Type: "limits"},
		hcl.BlockHeaderSchema{Type: "listen", LabelNames: []string{"name"}},
		hcl.BlockHeaderSchema{Type: "ready"},
		hcl.BlockHeaderSchema{Type: "hibernate"},
		hcl.BlockHeaderSchema{Type: "hold"},
	)
}

func (b body) function(name string) Function {
	f := Function{
		Name: name, Range: b.at, StopTimeout: 10 * time.Second,
		Scratch: ScratchMemory, Isolation: IsolationAuto, Start: StartOnDemand,
		Mounts:    b.mounts(),
		Listens:   b.listens(),
		Limits:    b.inner("limits", "memory cpus pids").limits(),
		Ready:     b.inner("ready", "timeout path").ready(),
		Hibernate: b.inner("hibernate", "after priority idle_cpu prefetch evict busy_limit").hibernate(),
		Hold:      b.inner("hold", "connections timeout").hold(),
	}
	b.checkReady(&f)
	b.process(&f)
	b.choice("scratch", &f.Scratch, ScratchMemory, ScratchDisk)
	b.choice("isolation", &f.Isolation, IsolationAuto, IsolationGVisor, IsolationKVM)
	b.choice("start", &f.Start, StartOnDemand, StartAtBoot)
	b.duration("stop_timeout", &f.StopTimeout, time.Hour)
	b.root(&f)
	f.Ranges = FunctionRanges{
		Root:      b.rangeOf("rootfs", "image"),
		Command:   b.rangeOf("command"),
		Isolation: b.rangeOf("isolation"),
	}
	return f
}
