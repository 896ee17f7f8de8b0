package kvm

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"torpor/kvm/boot"
)

// Kernels keeps kernels unpacked, as a guest takes longer to unpack one than to boot
// it. It may be used by any number of goroutines.
type Kernels struct {
	dir string
	mu  sync.Mutex
}

// keptKernels is how many are kept, some 50 MiB each, those used last.
const keptKernels = 4

const kernelPrefix = "kernel-"

// NewKernels keeps them in dir, a directory on disk, which it makes.
func NewKernels(dir string) *Kernels { return &Kernels{dir: dir} }

// Open opens a kernel, a bzImage or ELF, for [Config.Kernel]. One that only unpacks
// itself is opened as it is.
func (k *Kernels) Open(path string) (*os.File, error) {
	f, err := k.open(path)
	if err != nil {
		return nil, fmt.Errorf("kvm: kernel %s: %w", path, err)
	}
	return f, nil
}

func (k *Kernels) open(path string) (*os.File, error) {
	image, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := image.Stat()
	if err != nil {
		image.Close()
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := filepath.Join(k.dir, kernelPrefix+fingerprint(path, info))
	if f, err := os.Open(kept); err == nil {
		image.Close()
		now := time.Now()
		_ = os.Chtimes(kept, now, now) // it was used
		return f, nil
	}
	f, err := k.extract(image, info.Size(), kept)
	if errors.Is(err, boot.ErrPacked) {
		return image, nil
	}
	image.Close()
	return f, err
}

// extract unpacks an image to a file that appears when it is whole.
func (k *Kernels) extract(image *os.File, size int64, to string) (*os.File, error) {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(k.dir, ".new-")
	if err != nil {
		return nil, err
	}
	err = boot.Extract(f, image, size)
	if err == nil {
		err = errors.Join(f.Sync(), os.Rename(f.Name(), to))
	}
	if err != nil {
		f.Close()
		_ = os.Remove(f.Name())
		return nil, err
	}
	k.prune()
	return f, nil
}

// prune removes those that were not used for longest.
func (k *Kernels) prune() {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return
	}
	type kernel struct {
		name string
		used time.Time
	}
	var all []kernel
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), kernelPrefix) {
			all = append(all, kernel{e.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b kernel) int { return cmp.Compare(b.used.UnixNano(), a.used.UnixNano()) })
	for _, old := range all[min(keptKernels, len(all)):] {
		_ = os.Remove(filepath.Join(k.dir, old.name))
	}
}

// fingerprint tells one state of a file from others, without reading it.
func fingerprint(path string, info os.FileInfo) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d %d", path, info.Size(), info.ModTime().UnixNano())
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		fmt.Fprintf(h, " %d %d %d", st.Dev, st.Ino, st.Ctim.Nano())
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}
