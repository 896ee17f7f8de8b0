package sandbox

import "time"

// Config says what one sandbox runs.
type Config struct {
	// ID names the sandbox on this node: [a-z0-9-], at most 40 bytes.
	ID string
	// Hostname is what the function sees as its host's name.
	Hostname string
	// Rootfs is the root directory. The function sees it writable; what it
	// writes goes to a layer of its own.
	Rootfs string
	// Digest is of what is in Rootfs, if that never changes; else "".
	Digest string
	// ScratchDir holds that layer as a file; empty keeps it in memory.
	ScratchDir string
	// Args is the program and its arguments.
	Args []string
	// Env is "NAME=value" each.
	Env []string
	// UID, GID and Groups are the user in the sandbox.
	UID, GID uint32
	Groups   []uint32
	// WorkingDir is absolute.
	WorkingDir string
	Mounts     []Mount
	// MemoryLimit in bytes and CPUs are what the function is told it has; 0 is
	// all of the machine. The cgroup is what enforces them.
	MemoryLimit uint64
	CPUs        float64
	// PIDs bounds processes and threads of the function, as its own kernel counts
	// them; 0 does not.
	PIDs int
	// OutputPath is the file that takes the function's stdout and stderr,
	// appended to.
	OutputPath string
	// OutputStream takes them instead, if it is not nil; OutputPath is then for
	// when nobody listens there any more.
	OutputStream *Stream
}

// Mount shows a directory or file of the host in the sandbox.
type Mount struct {
	Source, Target string
	Writable       bool
}

// Timing is how long the parts of a start took, one after the other.
type Timing struct {
	Launcher time.Duration // until there was a process to start it with
	Create   time.Duration // until gVisor's processes were up, or the machine was built
	Kernel   time.Duration // of a machine alone: until its kernel had started init
	Modules  time.Duration // of a machine alone: until the kernel's modules were loaded
	Root     time.Duration // of a machine alone: until the function's root was mounted
	Start    time.Duration // until the program was started
}
