package hibernate

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"torpor/cgroup"
)

// Reclaim pushes memory of a group that sleeps out again, and returns how many
// bytes were written to swap, also with an error.
func Reclaim(ctx context.Context, g *cgroup.Group) (written int64, err error) {
	m := newMeter(g)
	err = reclaim(ctx, g)
	return m.read(), err
}

// meter tells what is written to swap for a group after its making. No kernel
// counts that in every version of cgroups, but each tells two bounds: the swap
// space that the group took, of which pages of zeros are not written, and what
// the whole machine wrote. With one group going to sleep at a time, the less of
// both is exact.
type meter struct {
	group      *cgroup.Group
	slots, all int64 // bytes, at the beginning
}

func newMeter(g *cgroup.Group) meter {
	use, _ := g.Memory() // what cannot be seen is not put to sleep
	return meter{g, use.Slots, writtenByAll()}
}

// read returns bytes, 0 where nothing can be seen.
func (m meter) read() int64 {
	use, err := m.group.Memory()
	if err != nil {
		return 0
	}
	return max(0, min(use.Slots-m.slots, writtenByAll()-m.all))
}

// writtenByAll is what the machine has written to swap since it started, in
// bytes; 0 where that cannot be read.
func writtenByAll() int64 {
	file, err := os.Open("/proc/vmstat")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var pages int64
		if strings.HasPrefix(lines.Text(), "pswpout ") {
			_, _ = fmt.Sscanf(lines.Text(), "pswpout %d", &pages)
			return pages * int64(os.Getpagesize())
		}
	}
	return 0
}
