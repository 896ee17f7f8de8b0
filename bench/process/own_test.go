package process

import "testing"

func TestOwnMemory(t *testing.T) {
	const smaps = `00400000-0048a000 r-xp 00000000 fd:03 960637       /bin/monitor
Size:                552 kB
Rss:                 460 kB
Pss:                 100 kB
7f0000000000-7f0010000000 rw-s 00000000 00:01 5      /memfd:guest (deleted)
Size:             262144 kB
Pss:               90000 kB
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0      [stack]
Pss:                  12 kB
`
	if got := ownOf([]byte(smaps)); got != 112<<10 {
		t.Errorf("%d bytes, want 112 KiB", got)
	}
}
