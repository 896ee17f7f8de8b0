package output

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// identity tells a file from a later one of the same name, also where inode
// numbers are used again. The zero value is no file.
type identity struct {
	inode uint64
	born  int64 // nanoseconds since 1970, 0 where the file system keeps no such time
}

// fileStat is what is looked at of a file in each turn.
type fileStat struct {
	identity
	size  int64 // apparent
	used  int64 // bytes of disk
	block int64 // bytes, the unit of holes
}

func stat(f *os.File) (fileStat, error) {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st)
	if err != nil {
		return fileStat{}, fmt.Errorf("statx: %w", err)
	}
	id := identity{inode: st.Ino}
	if st.Mask&unix.STATX_BTIME != 0 {
		id.born = st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
	}
	return fileStat{
		identity: id,
		size:     int64(st.Size),
		used:     int64(st.Blocks) * 512,
		block:    int64(st.Blksize),
	}, nil
}

// nextData is the first offset from at on that is no hole, size if there is
// none below it.
func nextData(f *os.File, at, size int64) (int64, error) {
	if at >= size {
		return at, nil
	}
	found, err := f.Seek(at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return size, nil
	}
	if err != nil {
		return 0, err
	}
	return found, nil
}

// punch gives the blocks of a range back; reading it yields NULs, and the
// size stays.
func punch(f *os.File, from, to int64) error {
	mode := uint32(unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE)
	if err := unix.Fallocate(int(f.Fd()), mode, from, to-from); err != nil {
		return fmt.Errorf("punch hole: %w", err)
	}
	return nil
}
