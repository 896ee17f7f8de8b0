package systemd

import (
	"os"

	"github.com/coreos/go-systemd/v22/activation"
)

// Sockets takes the descriptors that systemd passed (sd_listen_fds(3)), in order,
// by their FileDescriptorName; several may share one. What kind they are is for
// the caller to find out. The environment that told of them is cleared, so that
// children do not take them for theirs.
func Sockets() map[string][]*os.File {
	sockets := make(map[string][]*os.File)
	for _, f := range activation.Files(true) {
		sockets[f.Name()] = append(sockets[f.Name()], f)
	}
	return sockets
}
