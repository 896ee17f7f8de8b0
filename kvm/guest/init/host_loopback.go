//go:build loopback

package main

import "golang.org/x/sys/unix"

// A test boots init in a machine without a vsock device, with the host's part
// played by a program beside it.
const hostCID = unix.VMADDR_CID_LOCAL
