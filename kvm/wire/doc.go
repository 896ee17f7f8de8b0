// Package wire is what a monitor on the host and init in its guest say to each other.
//
// Everything goes over virtio-vsock streams. The guest is CID 3, the host CID 2.
//
// Before anything runs, init reads a [Config] from the file [ConfigPath] of its
// initramfs. Then it dials the host's [ControlPort]. On that stream both sides send
// [Message] values, one line of JSON each (see [Encoder] and [Decoder]): the host
// its requests, init its reports and one [Reply] to each request that has an ID.
//
// Init also dials the host's [OutputPort], and copies to it what the function
// prints, and the host's [SharePort] once a [Mount]. That stream begins with a
// [ShareHeader]; after it the guest's kernel speaks FUSE on it, as it would on
// /dev/fuse (each message begins with its length, so nothing else frames them).
//
// When the function has ended, init shuts down its side of the output stream and then, after
// the last message, of the control stream, and waits each time until the host closes that stream, but not for
// long: a host that does not close them slows every end down by seconds.
//
// The host in turn dials the guest's [ProxyPort] for each connection to the
// function. It sends a [ProxyHeader] and reads one [Status] byte. After [Connected],
// a TCP connection's bytes follow both ways, where a shutdown of one direction is
// carried over as such, and a close of both as a close; a UDP stream carries datagrams as
// [ReadDatagram] and [WriteDatagram] frame them, and [WriteUntaken] from init.
//
// Nothing that comes from a guest is to be trusted: all that is decoded here is
// bounded, and no message makes the decoder panic.
//
// The package imports nothing else of torpor, and anything in kvm may import it. It is part of
// init, so it has to stay small.
package wire
