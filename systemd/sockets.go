package systemd

import (
	"os"

	"github.com/coreos/go-systemd/v22/activation"
)

// Sockets takes the descriptors that systemd passed (sd_listen_fds(3)), in order,
// by their FileDescriptorName; several may share one. What kind they are is for
// the caller to find out. What an earlier process has put into the [Store] is told
// apart. The environment that told of them is cleared, so that children do not take
// them for theirs.
func Sockets() (sockets, stored map[string][]*os.File) {
	stored, others := Stored(activation.Files(true))
	sockets = make(map[string][]*os.File)
	for _, f := range others {
		sockets[f.Name()] = append(sockets[f.Name()], f)
	}
	return sockets, stored
}
