package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

// bigImage has a layer that takes more than one read, and does not compress.
func bigImage(t *testing.T) v1.Image {
	t.Helper()
	noise := make([]byte, 4<<20)
	_, err := io.ReadFull(rand.NewChaCha8([32]byte{}), noise)
	must(t, err)
	return imageOf(t, tarOf(t, file("a", "x"), file("noise", string(noise))))
}

func TestConcurrentCallsUnpackOnce(t *testing.T) {
	r := newRegistry(t)
	img := helloImage(t)
	var refs []string
	for _, tag := range []string{"app:1", "app:2", "app:3"} {
		r.push(t, tag, img)
		refs = append(refs, r.ref(tag))
	}
	s := newStore(t)
	var wg sync.WaitGroup
	paths := make([]string, 20)
	for i := range paths {
		wg.Go(func() {
			root, err := s.Root(t.Context(), refs[i%len(refs)])
			if err != nil {
				t.Error(err)
			}
			paths[i] = root.Path
		})
	}
	wg.Wait()
	if distinct := slices.Compact(paths); len(distinct) != 1 {
		t.Errorf("paths are %q, want one", distinct)
	}
	configs := int64(len(paths)) // fetched each time, unlike the layer
	if got := r.blobs.Load() - configs; got != 1 {
		t.Errorf("the layer was fetched %d times", got)
	}
}

func TestCancelledCallLeavesNothing(t *testing.T) {
	r := newRegistry(t)
	img := bigImage(t)
	r.push(t, "app:1", img)
	half := r.stall(t, img)
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := s.Root(ctx, r.ref("app:1"))
		result <- err
	}()
	<-half

	// One that waits for the first goes on when that is given up.
	r.answer.Store(nil)
	second := make(chan error)
	go func() {
		_, err := s.Root(t.Context(), r.ref("app:1"))
		second <- err
	}()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want it to be cancelled", err)
	}
	must(t, <-second)
	if list := stored(t, s); len(list) != 1 || strings.HasPrefix(list[0], ".") {
		t.Errorf("the store holds %q, want one image", list)
	}
}

func TestWaiterCanGiveUp(t *testing.T) {
	s := newStore(t)
	unlock, err := s.locks.lock(t.Context(), "ref /x")
	must(t, err)
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Root(ctx, "/x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want it to be cancelled", err)
	}
}

const childStore, childRef = "TORPOR_IMAGE_TEST_STORE", "TORPOR_IMAGE_TEST_REF"

// TestChild is what TestKillInTheMiddle starts and kills; it does nothing else.
func TestChild(t *testing.T) {
	if os.Getenv(childStore) == "" {
		return
	}
	rootOf(t, NewStore(os.Getenv(childStore)), os.Getenv(childRef))
}

func TestKillInTheMiddle(t *testing.T) {
	r := newRegistry(t)
	img := bigImage(t)
	r.push(t, "app:1", img)
	for what, after := range map[string]func(*Store){
		"then used":   func(s *Store) { rootOf(t, s, r.ref("app:1")) },
		"then pruned": func(s *Store) { must(t, s.Prune(nil)) },
	} {
		t.Run(what, func(t *testing.T) {
			half := r.stall(t, img)
			s := newStore(t)
			child := exec.Command("/proc/self/exe", "-test.run=^TestChild$")
			child.Env = append(os.Environ(), childStore+"="+s.dir, childRef+"="+r.ref("app:1"))
			must(t, child.Start())
			<-half
			must(t, child.Process.Kill())
			_ = child.Wait() // says that it was killed
			r.answer.Store(nil)
			list := stored(t, s)
			if len(list) != 1 || !strings.HasPrefix(list[0], partialPrefix) {
				t.Fatalf("killed in the middle, the store holds %q", list)
			}
			after(s)
			for _, name := range stored(t, s) {
				if strings.HasPrefix(name, partialPrefix) {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}

func TestPruneKeepsWhatItIsTold(t *testing.T) {
	s := newStore(t)
	kept := writeArchive(t, writeLayout(t, helloImage(t)))
	other := writeArchive(t, writeLayout(t, imageOf(t, tarOf(t, dir("b")))))
	keep, gone := rootOf(t, s, kept), rootOf(t, s, other)
	foreign := filepath.Join(s.dir, "notes.txt")
	must(t, os.WriteFile(foreign, nil, 0o600))
	must(t, os.WriteFile(filepath.Join(s.dir, partialPrefix+"archive-1"), nil, 0o600))
	must(t, s.Prune([]string{keep.Digest, "sha256:unknown"}))

	if want := []string{"notes.txt", folderName(keep.Digest)}; !slices.Equal(stored(t, s), want) {
		t.Errorf("the store holds %q, want %q", stored(t, s), want)
	}
	pointers, err := os.ReadDir(filepath.Join(s.dir, pointersName))
	must(t, err)
	if len(pointers) != 1 {
		t.Errorf("%d pointers, want one", len(pointers))
	}
	if again := rootOf(t, s, other); again.Path != gone.Path {
		t.Errorf("path %s, want %s", again.Path, gone.Path)
	}
}

func TestPruneOfNothing(t *testing.T) {
	must(t, newStore(t).Prune(nil))
}

func TestPruneLeavesWorkInProgress(t *testing.T) {
	r := newRegistry(t)
	img := bigImage(t)
	r.push(t, "app:1", img)
	half := r.stall(t, img)
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := s.Root(ctx, r.ref("app:1"))
		result <- err
	}()
	<-half
	must(t, s.Prune(nil))
	if list := stored(t, s); len(list) != 1 || !strings.HasPrefix(list[0], partialPrefix) {
		t.Errorf("the store holds %q, want the image in progress", list)
	}
	cancel()
	<-result
}

// Something that is mounted in a root keeps it from being removed whole. What
// is left must not be taken for the image.
func TestHalfRemovedImageIsNotUsed(t *testing.T) {
	s := newStore(t)
	ref := writeLayout(t, imageOf(t, tarOf(t, dir("mnt"), file("a", ""))))
	root := rootOf(t, s, ref)
	must(t, unix.Mount("tmpfs", filepath.Join(root.Path, "mnt"), "tmpfs", 0, "size=64k"))
	mounted := filepath.Join(s.partial(root.Digest), rootName, "mnt")
	t.Cleanup(func() { _ = unix.Unmount(mounted, unix.MNT_DETACH) }) // gone already unless the test failed
	wantError(t, s.Prune(nil), "prune images", "busy")
	_, err := s.Root(t.Context(), ref)
	wantError(t, err, "remove leftovers")
	must(t, unix.Unmount(mounted, 0))
	if got, want := tree(t, rootOf(t, s, ref).Path), ". drwxr-xr-x 0:0\na -rw-r--r-- 0:0 \"\"\nmnt drwxr-xr-x 0:0\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestDamagedImageIsMadeAgain(t *testing.T) {
	for what, damage := range map[string]func(Root) error{
		"no root": func(r Root) error { return os.RemoveAll(r.Path) },
		"no record": func(r Root) error {
			return os.Remove(filepath.Join(filepath.Dir(r.Path), recordName))
		},
		"broken record": func(r Root) error {
			return os.WriteFile(filepath.Join(filepath.Dir(r.Path), recordName), []byte("{"), 0o600)
		},
		"other version": func(r Root) error {
			return os.WriteFile(filepath.Join(filepath.Dir(r.Path), recordName), []byte(`{"version":2}`), 0o600)
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStore(t)
			ref := writeDocker(t, map[string]v1.Image{"app:1": helloImage(t)})
			must(t, damage(rootOf(t, s, ref)))
			if got := content(t, rootOf(t, s, ref).Path, "srv/hello"); got != "hello\n" {
				t.Errorf("srv/hello holds %q", got)
			}
		})
	}
}

func TestBrokenPointerIsNoPointer(t *testing.T) {
	s := newStore(t)
	ref := writeArchive(t, writeLayout(t, helloImage(t)))
	rootOf(t, s, ref)
	for _, data := range []string{"", "{}", `{"version":1,"digest":"sha256:../../etc"}`} {
		must(t, os.WriteFile(s.pointerPath(ref), []byte(data), 0o600))
		rootOf(t, s, ref)
	}
	if !bytes.Contains([]byte(content(t, s.pointerPath(ref))), []byte(ref)) {
		t.Error("the pointer was not made anew")
	}
}
