// Package share shows one directory or file of the host to a guest, over the stream that
// package wire describes: the guest's kernel speaks FUSE, and a [Server] answers it.
//
// FUSE rather than 9P: Debian's kernels for virtual machines have it, and have no 9P.
//
// The guest sees every change at once, as it caches neither names nor attributes for longer than one use;
// what a program in it writes is on the host when its write returns. The guest's kernel
// checks permissions, by the host's owners and modes; new entries belong to the user and group in the guest that made
// them. What POSIX locks and flock is told stays in the guest. Extended attributes and device files are not
// shown. All processes of a guest see files by the same numbers as the host has.
//
// Nothing that a guest sends is trusted. Each name is one component below a directory that it was shown,
// links are never followed here, and only regular files and directories are opened. So nothing out of the
// directory is reached, whatever rights the process has. A malformed message ends Serve with an
// error that wraps [ErrBroken].
//
// To be of use to functions of any user, a server needs the capabilities CHOWN, DAC_OVERRIDE,
// FOWNER and FSETID, and as many open files as the guest's kernel may remember ([MaxNodes]). The
// monitor has no rights at all, so that servers run in a [Process] of their own beside it,
// one for all shares of a guest, which has these rights, an empty root, few system calls and the
// directories' descriptors.
package share
