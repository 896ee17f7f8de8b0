package doctor

import "context"

// Options say where to look. Empty ones have the usual values.
type Options struct {
	State      string // folder for images, data and swap: "/var/lib/torpor"; it need not exist
	Runtime    string // folder for sockets: "/run/torpor"; it need not exist
	CgroupRoot string // "/sys/fs/cgroup"
	Proc       string // "/proc"
	KVMDevice  string // "/dev/kvm"
}

// Status says how bad a finding is.
type Status string

// The statuses.
const (
	OK   Status = "ok"
	Warn Status = "warn" // works, but less of it or worse
	Fail Status = "fail" // torpor does not work like this
)

// Finding is what one check found.
type Finding struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Found  string `json:"found"`
	Advice string `json:"advice"` // what to do about it; empty when it is OK
}

// Check makes all checks, one after the other so that they do not disturb the
// ones that measure. When ctx ends, the rest finds less.
func Check(ctx context.Context, o Options) []Finding {
	o = o.withDefaults()
	return []Finding{
		kernel(o.Proc),
		privileges(o.Proc),
		cgroups(ctx, o.CgroupRoot),
		namespaces(ctx),
		seccomp(o.Proc),
		ptrace(o.Proc),
		pressure(o.Proc),
		runtimeFolder(o.Runtime),
		swap(ctx, o.State, o.Proc),
		space(o.State, o.Proc),
		speed(ctx, o.State),
		microVMs(ctx, o.KVMDevice),
	}
}

func (o Options) withDefaults() Options {
	for field, usual := range map[*string]string{
		&o.State:      "/var/lib/torpor",
		&o.Runtime:    "/run/torpor",
		&o.CgroupRoot: "/sys/fs/cgroup",
		&o.Proc:       "/proc",
		&o.KVMDevice:  "/dev/kvm",
	} {
		if *field == "" {
			*field = usual
		}
	}
	return o
}

func ok(name, found string) Finding { return Finding{Name: name, Status: OK, Found: found} }

func warn(name, found, advice string) Finding {
	return Finding{Name: name, Status: Warn, Found: found, Advice: advice}
}

func fail(name, found, advice string) Finding {
	return Finding{Name: name, Status: Fail, Found: found, Advice: advice}
}
