// Package root makes root directories into disks for virtual machines.
//
// A disk is an ext4 image without a journal, made by Debian's mke2fs, which every Debian has. Ext4 rather
// than erofs or squashfs: kernels for virtual machines have it built in, the disk that a function writes to has to
// be of a kind that can be written anyway, and a plain image shares the host's page cache with all guests.
//
// A [Store] keeps images by what is in them: the digest of an OCI image, or, for a directory
// that anybody may edit, a fingerprint of its entries' names, kinds, owners, modes, sizes
// and times. An image appears under its name only when it is complete and on disk. Images are made one at a
// time, and are sparse.
//
// A Store may be used by any number of goroutines, but its directory by one process at a
// time. It needs the rights of root. Errors name the directory, and say what to do.
package root
