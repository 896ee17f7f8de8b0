package doctor

import (
	"context"
	"fmt"
	"os"
)

// What a disk must do, in bytes/s, for waking to be quick: about 10 MiB come
// back in a batch, some hundred pages one by one.
const (
	slowBatch = 200e6
	slowPages = 20e6
)

// speed measures what sleeping (write), prefetching (read) and page faults
// (random reads of 4 KiB) will get from the disk.
func speed(ctx context.Context, state string) Finding {
	const name = "disk speed"
	s, err := measureDisk(ctx, existing(state))
	if err != nil {
		return warn(name, "could not be measured: "+err.Error(), "give a --state folder on a local disk")
	}
	found := fmt.Sprintf("write %.0f MB/s, read %.0f MB/s, random 4 KiB reads %.0f MB/s", s.write/1e6, s.read/1e6, s.random/1e6)
	if s.write < slowBatch || s.read < slowBatch || s.random < slowPages {
		return warn(name, found, "expect slow wakes; a --state folder or swap path on an SSD makes them quicker")
	}
	return ok(name, found)
}

type diskSpeed struct{ write, read, random float64 } // bytes/s

func measureDisk(ctx context.Context, dir string) (diskSpeed, error) {
	f, err := openDirect(dir)
	if err != nil {
		return diskSpeed{}, err
	}
	defer f.Close()
	d, err := newDisk(f)
	if err != nil {
		return diskSpeed{}, err
	}
	defer d.close()
	return d.measure(ctx)
}

// openDirect makes a file past the page cache, and removes its name at once.
func openDirect(dir string) (*os.File, error) {
	named, err := os.CreateTemp(dir, ".torpor-doctor-")
	if err != nil {
		return nil, err
	}
	defer named.Close()
	defer os.Remove(named.Name())
	return os.OpenFile(named.Name(), os.O_RDWR|directIO, 0)
}
