package process

import (
	"os"
	"testing"
)

func TestUseFollowsWhatIsOpen(t *testing.T) {
	before, err := UseOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	after, err := UseOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Files["pipe"] - before.Files["pipe"]; got != 2 || after.Threads == 0 {
		t.Errorf("%d more pipes after one was opened, of two ends: before %+v, after %+v", got, before, after)
	}
	if sum := after.Descriptors(); sum < after.Files["pipe"] || sum == 0 {
		t.Errorf("%d descriptors of %v", sum, after.Files)
	}
}

func TestKindsAreTold(t *testing.T) {
	for link, want := range map[string]string{"socket:[12]": "socket", "net:[4026531840]": "net", "anon_inode:[pidfd]": "anon_inode:[pidfd]",
		"anon_inode:inotify": "anon_inode:inotify", "/dev/null": "file"} {
		if got := kind(link); got != want {
			t.Errorf("%s is of kind %s, want %s", link, got, want)
		}
	}
}
