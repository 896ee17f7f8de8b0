// Package image turns OCI images into root directories.
//
// An image is named by a path (an OCI layout directory, a tar archive of one,
// or what "docker save" writes; archives may be gzip'ed) or by a registry
// reference. It is unpacked once, and kept in a folder named by the digest of
// its configuration, which is the same for all of these formats. That folder
// appears under its name only when it is complete: a process killed in the
// middle leaves a ".partial-" folder, which the next unpacking of that image or
// the next Prune removes.
//
// Nothing in an image is trusted. Every layer is checked against the digest in
// the configuration, and the configuration against what named it. Entries are
// written through an os.Root; symbolic links mean what they would mean inside
// the image, so none leads out of it. Devices and FIFOs are left out.
// Ownership, modes (setuid bits included), modification times and file
// capabilities are kept. Unpacking needs the rights of root.
//
// Registries are asked over https, those on loopback also over http, with the
// credentials of docker login. Nothing is run as a helper but what its
// configuration file names.
//
// A Store may be used by any number of goroutines, but its directory by one
// process at a time. Nothing here keeps a root from being pruned: whoever runs
// on one names it in every Prune.
//
// Errors name the reference, and end with what to do where that is known.
// The package imports nothing else of torpor, and anything of torpor may
// import it.
package image
