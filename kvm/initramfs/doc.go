// Package initramfs makes what a guest's kernel unpacks before anything runs: init and the
// kernel modules it loads.
//
// The archive of a [Kernel] is the same for all guests that want the same modules, and is
// best made once ([Cache]). What differs from guest to guest is an archive of its own,
// made by [Config] and appended: the kernel unpacks one after the other.
//
// Modules are decompressed here, so that the guest needs nothing for it, and go without their
// signatures and types, which take longer to look at than all else. A kernel that takes only
// signed ones is not for guests. They are found
// as modprobe finds them: through modules.dep, modules.builtin, modules.alias and modules.softdep.
//
// Errors are sentences that name the file or module and say what to install.
package initramfs
