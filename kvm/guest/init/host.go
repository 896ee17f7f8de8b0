//go:build !loopback

package main

import "torpor/kvm/wire"

const hostCID = wire.HostCID
