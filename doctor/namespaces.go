package doctor

import (
	"context"
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// namespaces starts a process in the ones that a sandbox has.
func namespaces(ctx context.Context) Finding {
	const name = "namespaces"
	cmd := exec.CommandContext(ctx, "true")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
	}
	err := cmd.Run()
	switch {
	case err == nil:
		return ok(name, "net, mount, pid, ipc and uts can be made")
	case errors.Is(err, unix.EPERM):
		return fail(name, "not allowed: "+err.Error(), "run as root, outside of a container or with CAP_SYS_ADMIN")
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EUSERS):
		return fail(name, "no more are allowed: "+err.Error(), "raise the limits in /proc/sys/user/max_*_namespaces")
	case errors.Is(err, unix.EINVAL):
		return fail(name, "the kernel was built without: "+err.Error(), "use a kernel with namespaces, as all distributions have")
	}
	return warn(name, "could not be tried: "+err.Error(), "see that the program \"true\" can be run")
}
