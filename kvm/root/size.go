package root

import (
	"context"
	"io/fs"
	"syscall"
)

// Sizes of ext4 as it is made here, in bytes.
const (
	blockSize = 4096
	inodeSize = 256
)

// A measure is what a root directory takes as an image.
type measure struct {
	inodes uint64
	blocks uint64
}

func measureRoot(ctx context.Context, dir string) (measure, error) {
	var m measure
	seen := map[uint64]bool{} // inodes with several names
	err := walk(ctx, dir, func(_ string, info fs.FileInfo, _ string) error {
		st := info.Sys().(*syscall.Stat_t)
		if st.Nlink > 1 && !info.IsDir() {
			if seen[st.Ino] {
				return nil
			}
			seen[st.Ino] = true
		}
		m.inodes++
		m.blocks++ // extended attributes, or a leaf of the extent tree
		m.blocks += (uint64(st.Size) + blockSize - 1) / blockSize
		return nil
	})
	return m, err
}

// reserved is the number of inodes that ext4 has for itself, and some.
const reserved = 64

func (m measure) allInodes() uint64 { return m.inodes + m.inodes/16 + reserved }

// used is what the image takes on disk, in bytes, at most.
func (m measure) used() uint64 {
	return m.blocks*blockSize + m.allInodes()*inodeSize + 1<<20
}

// size is how long the image has to be, in bytes. It has more room than needed: where nothing is
// in a file it takes no space.
func (m measure) size() uint64 {
	size := m.used() + m.used()/4 + 16<<20
	return (size + 1<<20 - 1) &^ (1<<20 - 1)
}
