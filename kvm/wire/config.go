package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Files of the initramfs.
const (
	// ConfigPath holds a Config as JSON.
	ConfigPath = "/torpor/config.json"
	// ModulesPath lists file names of kernel modules, relative to it, one a line in the
	// order in which they are to be loaded. A line that begins with OptionalModule
	// names one that may fail to load.
	ModulesPath    = "/torpor/modules/list"
	OptionalModule = "?"
	// InitPath is the program itself: what rdinit= on the kernel's command line names.
	InitPath = "/init"
)

// Config says what a guest runs.
type Config struct {
	Hostname string `json:"hostname"`
	// Args is the program and its arguments. A program without a slash is looked
	// up in the PATH of Env.
	Args []string `json:"args"`
	// Env is "NAME=value" each.
	Env    []string `json:"env,omitempty"`
	UID    uint32   `json:"uid,omitempty"`
	GID    uint32   `json:"gid,omitempty"`
	Groups []uint32 `json:"groups,omitempty"`
	// WorkingDir is absolute; it is made if it is not there.
	WorkingDir string `json:"working_dir"`
	// ScratchDisk takes what the function writes to ScratchDevice instead of memory.
	ScratchDisk bool `json:"scratch_disk,omitempty"`
	// ScratchBytes bounds what it can write to memory; 0 is half of the guest's.
	ScratchBytes uint64  `json:"scratch_bytes,omitempty"`
	Mounts       []Mount `json:"mounts,omitempty"`
	// OpenFiles is RLIMIT_NOFILE; 0 leaves the kernel's default.
	OpenFiles uint64 `json:"open_files,omitempty"`
	// PIDs bounds the function's processes and threads; 0 does not.
	PIDs int `json:"pids,omitempty"`
}

// Mount shows a directory or file of the host. Its place in Config.Mounts is its
// number in a ShareHeader.
type Mount struct {
	Target   string `json:"target"` // absolute; made if it is not there
	Writable bool   `json:"writable,omitempty"`
	File     bool   `json:"file,omitempty"` // a file, not a directory
}

// MaxMounts is how many mounts a ShareHeader can tell apart.
const MaxMounts = 1 << 16

// Check tells what a guest could not work with.
func (c Config) Check() error {
	switch {
	case len(c.Args) == 0 || c.Args[0] == "":
		return errors.New("no program is named")
	case !strings.HasPrefix(c.WorkingDir, "/"):
		return fmt.Errorf("the working directory %q is not absolute", c.WorkingDir)
	case len(c.Mounts) > MaxMounts:
		return fmt.Errorf("there are %d mounts, more than %d", len(c.Mounts), MaxMounts)
	}
	for _, m := range c.Mounts {
		if !strings.HasPrefix(m.Target, "/") {
			return fmt.Errorf("the mount's target %q is not absolute", m.Target)
		}
	}
	return nil
}

// Encode returns the contents of ConfigPath.
func (c Config) Encode() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("wire: configuration of a guest: %w", err)
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("wire: encoding the configuration of a guest: %w", err)
	}
	return data, nil
}

// DecodeConfig is the inverse of Encode.
func DecodeConfig(data []byte) (Config, error) {
	var c Config
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("wire: configuration of a guest: %w", err)
	}
	if err := c.Check(); err != nil {
		return c, fmt.Errorf("wire: configuration of a guest: %w", err)
	}
	return c, nil
}
