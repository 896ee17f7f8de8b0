package gvisor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"torpor/sandbox"
)

// capabilities are those that container engines grant by default, without raw
// sockets and device nodes. gVisor enforces them; none is held on the host.
var capabilities = []string{
	"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER",
	"CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",
	"CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
}

// maxOpenFiles is RLIMIT_NOFILE in the sandbox.
const maxOpenFiles = 65536

// cpuPeriod is the CFS period in microseconds that the CPU limit is told in.
const cpuPeriod = 100000

// writeBundle writes the OCI configuration that gVisor's processes read.
func writeBundle(dir string, c sandbox.Config) (*specs.Spec, error) {
	spec := ociSpec(c)
	data, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("gvisor: encoding bundle: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), data, 0o600); err != nil {
		return nil, fmt.Errorf("gvisor: writing bundle: %w", err)
	}
	return spec, nil
}

func ociSpec(c sandbox.Config) *specs.Spec {
	spec := &specs.Spec{
		Version:  specs.Version,
		Hostname: c.Hostname,
		Root:     &specs.Root{Path: c.Rootfs},
		Process: &specs.Process{
			Args:            c.Args,
			Env:             c.Env,
			Cwd:             c.WorkingDir,
			User:            specs.User{UID: c.UID, GID: c.GID, AdditionalGids: c.Groups},
			NoNewPrivileges: true,
			Rlimits:         []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Soft: maxOpenFiles, Hard: maxOpenFiles}},
		},
		Mounts: []specs.Mount{
			{Type: "proc", Source: "proc", Destination: "/proc"},
			{Type: "tmpfs", Source: "tmpfs", Destination: "/dev/shm", Options: []string{"nosuid", "nodev", "mode=1777"}},
		},
		Linux: &specs.Linux{Resources: resources(c)},
	}
	if c.PIDs > 0 {
		most := uint64(c.PIDs)
		spec.Process.Rlimits = append(spec.Process.Rlimits, specs.POSIXRlimit{Type: "RLIMIT_NPROC", Soft: most, Hard: most})
	}
	if c.UID == 0 {
		spec.Process.Capabilities = &specs.LinuxCapabilities{
			Bounding: capabilities, Effective: capabilities, Permitted: capabilities,
		}
	}
	for _, m := range c.Mounts {
		access := "ro"
		if m.Writable {
			access = "rw"
		}
		spec.Mounts = append(spec.Mounts, specs.Mount{
			Type: "bind", Source: m.Source, Destination: m.Target,
			Options: []string{"rbind", access},
		})
	}
	return spec
}

// resources tells the limits to the child role that starts the Sentry, which
// shows them to the function (see limitFlags).
func resources(c sandbox.Config) *specs.LinuxResources {
	r := &specs.LinuxResources{}
	if c.MemoryLimit > 0 {
		limit := int64(c.MemoryLimit)
		r.Memory = &specs.LinuxMemory{Limit: &limit}
	}
	if c.CPUs > 0 {
		quota, period := int64(c.CPUs*cpuPeriod), uint64(cpuPeriod)
		r.CPU = &specs.LinuxCPU{Quota: &quota, Period: &period}
	}
	return r
}
