package kvm

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"torpor/kvm/machine"
)

// MaxCPUs is how many processors a sandbox can have.
const MaxCPUs = machine.MaxCPUs

// HostKernel is where Debian, and most others, keep the kernel that this machine runs.
func HostKernel() string {
	var u unix.Utsname
	_ = unix.Uname(&u) // cannot fail with a pointer that is good
	return "/boot/vmlinuz-" + unix.ByteSliceToString(u.Release[:])
}

// Release is what uname -r says in a guest that boots a kernel, and what its modules'
// folder is called: a bzImage says so, and an ELF file by its name, vmlinux-RELEASE.
func Release(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("kvm: no kernel for virtual machines: %w: install one, or name another in node.kvm.kernel", err)
	}
	defer f.Close()
	const headerSize, magicAt, versionAt, versionBase = 0x8200, 0x202, 0x20e, 0x200
	header := make([]byte, headerSize)
	n, _ := f.ReadAt(header, 0)
	if header = header[:n]; n > versionAt+2 && string(header[magicAt:magicAt+4]) == "HdrS" {
		at := versionBase + int(binary.LittleEndian.Uint16(header[versionAt:]))
		if at < n {
			text, _, _ := strings.Cut(string(header[at:]), "\x00")
			if release, _, _ := strings.Cut(text, " "); release != "" && !strings.Contains(release, "/") {
				return release, nil
			}
		}
	}
	_, release, found := strings.Cut(filepath.Base(path), "-")
	if !found {
		return "", fmt.Errorf("kvm: kernel %s does not say which release it is: call it vmlinux-RELEASE", path)
	}
	return release, nil
}
