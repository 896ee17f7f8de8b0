package doctor

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// existing is dir or the nearest folder above it that is there: doctor makes
// no folders that stay, and dir will be on the same file system.
func existing(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			return dir
		}
		dir = above
	}
}

// runtimeFolder has to be forgotten at boot, as what it describes is.
func runtimeFolder(dir string) Finding {
	const name = "runtime folder"
	at := existing(dir)
	var stat unix.Statfs_t
	if err := unix.Statfs(at, &stat); err != nil {
		return fail(name, fmt.Sprintf("%s cannot be looked at: %v", at, err), "give another --runtime folder")
	}
	if err := unix.Access(at, unix.W_OK|unix.X_OK); err != nil {
		return fail(name, fmt.Sprintf("%s cannot be written: %v", at, err), "run as root, or give another --runtime folder")
	}
	// The address of a socket has room for 108 bytes.
	if longest := 70; len(dir) > longest {
		return fail(name, fmt.Sprintf("%s is too long for sockets in it", dir), fmt.Sprintf("give a --runtime folder with a path of at most %d bytes", longest))
	}
	if stat.Type != unix.TMPFS_MAGIC && stat.Type != unix.RAMFS_MAGIC {
		return warn(name, dir+" is on disk", "give a --runtime folder on a tmpfs, such as /run/torpor: it has to be empty after a boot")
	}
	return ok(name, dir+" is on a tmpfs")
}

// space looks at what is free for images, data and swap.
func space(state, proc string) Finding {
	const name = "disk space"
	const least = 1 << 30 // bytes: a swap file of some use, and what it leaves free
	at := existing(state)
	var stat unix.Statfs_t
	if err := unix.Statfs(at, &stat); err != nil {
		return fail(name, fmt.Sprintf("%s cannot be looked at: %v", at, err), "give another --state folder")
	}
	free := stat.Bavail * uint64(stat.Bsize)
	found := fmt.Sprintf("%s free at %s", size(free), at)
	if free < least {
		return fail(name, found, "free some, or give a --state folder with "+size(least)+" or more")
	}
	if ram := memTotal(proc); free < ram {
		return warn(name, found+", less than the memory of "+size(ram), "free some: swap as large as the memory lets every function sleep")
	}
	return ok(name, found)
}

// memTotal is 0 when it cannot be told.
func memTotal(proc string) uint64 {
	text, err := os.ReadFile(filepath.Join(proc, "meminfo"))
	var kib uint64
	if err == nil {
		_, err = fmt.Sscanf(string(text), "MemTotal: %d kB", &kib)
	}
	if err != nil {
		return 0
	}
	return kib << 10
}
