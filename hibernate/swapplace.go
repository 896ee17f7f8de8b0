package hibernate

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

const (
	zfsMagic = 0x2fc12fc1 // not in x/sys
	// What other users of the file system are left with.
	keepFree        = 512 << 20 // bytes, or
	keepFreePercent = 5         // of its size, whichever is more
	minSwap         = 1 << 20   // bytes
)

const chooseOther = "choose a path on ext4, xfs or btrfs"

// unfit names the file systems that cannot hold a swap file, and why.
var unfit = map[int64]string{
	unix.TMPFS_MAGIC:           "tmpfs keeps its files in memory",
	unix.RAMFS_MAGIC:           "ramfs keeps its files in memory",
	unix.OVERLAYFS_SUPER_MAGIC: "overlayfs cannot hold a swap file",
	unix.NFS_SUPER_MAGIC:       "a network file system (NFS) cannot hold a swap file",
	unix.CIFS_SUPER_MAGIC:      "a network file system (CIFS) cannot hold a swap file",
	unix.SMB2_SUPER_MAGIC:      "a network file system (SMB) cannot hold a swap file",
	unix.V9FS_MAGIC:            "a file system shared by 9p cannot hold a swap file",
	unix.FUSE_SUPER_MAGIC:      "a FUSE file system cannot hold a swap file",
	zfsMagic:                   "ZFS cannot hold a swap file",
}

// checkPlace refuses a folder that cannot hold a swap file of size bytes once
// freed bytes have been freed there.
func checkPlace(dir string, size, freed uint64) error {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return &NoSwapError{Reason: "its folder cannot be looked at: make it, or choose another path", Err: err}
	}
	if why, bad := unfit[int64(stat.Type)]; bad {
		return &NoSwapError{Reason: why + ": " + chooseOther}
	}
	if size < minSwap {
		return &NoSwapError{Reason: fmt.Sprintf("%d bytes are too few: ask for 1MiB or more", size)}
	}
	block := uint64(stat.Bsize)
	keep := max(keepFree, stat.Blocks/100*keepFreePercent*block)
	if free := stat.Bavail*block + freed; size > free || free-size < keep {
		return &NoSwapError{
			Reason: fmt.Sprintf("%d MiB and %d MiB to keep free are needed, %d MiB are free: free some, ask for less, or choose another path",
				size>>20, keep>>20, free>>20),
			Err: unix.ENOSPC,
		}
	}
	return nil
}

// explain turns the kernel's refusal into what to do about it.
func explain(err error) *NoSwapError {
	reason := "it could not be set up"
	switch {
	case errors.Is(err, fs.ErrPermission):
		reason = "that is not allowed: run as root, outside of a container or with CAP_SYS_ADMIN"
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		reason = "the disk became full meanwhile: free some space, or ask for less"
	case errors.Is(err, unix.EFBIG):
		reason = "the file system does not hold files as large: ask for less"
	case errors.Is(err, unix.EROFS):
		reason = "the file system is read-only: remount it, or choose another path"
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
		reason = "this file system cannot hold a swap file: " + chooseOther
	}
	return &NoSwapError{Reason: reason, Err: err}
}
