package wire

// The two ends of the vsock device.
const (
	HostCID  = 2
	GuestCID = 3
)

// Vsock ports. The host listens on the first three, init on the last.
const (
	ControlPort = 1024
	OutputPort  = 1025
	SharePort   = 1026
	ProxyPort   = 1027
)

// The guest's block devices, in the order in which the kernel has to find them.
const (
	RootDevice    = "/dev/vda" // ext4, read-only
	ScratchDevice = "/dev/vdb" // ext4, if Config.ScratchDisk
)
