package hibernate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Swap is torpor's swap file, in use by the kernel. It outlives the process:
// only Close ends it.
type Swap struct {
	path string // as /proc/swaps has it
}

// SwapUsage is in bytes. Both are 0 when the file is not in use as swap.
type SwapUsage struct {
	Size uint64
	Used uint64
}

// EnsureSwap makes a swap file of size bytes at path and puts it in use, above
// all other swap in priority. One in use already is adopted; it takes the new
// size if it is empty and otherwise keeps its own: Resize then says why. The
// error is a *NoSwapError.
func EnsureSwap(path string, size uint64) (*Swap, error) {
	s, err := ensureSwap(path, size)
	if err == nil {
		return s, nil
	}
	var no *NoSwapError
	if !errors.As(err, &no) {
		no = explain(err)
	}
	no.Path = path
	return nil, no
}

// OpenSwap returns the swap file at path that an earlier call made, in use or
// not, to close it. The error wraps fs.ErrNotExist when there is none.
func OpenSwap(path string) (*Swap, error) {
	path, err := canonical(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err != nil {
		return nil, fmt.Errorf("hibernate: open swap: %w", err)
	}
	return &Swap{path: path}, refuseForeign(path)
}

func ensureSwap(path string, size uint64) (*Swap, error) {
	path, err := canonical(path)
	if err != nil {
		return nil, err
	}
	if err := refuseForeign(path); err != nil {
		return nil, err
	}
	s := &Swap{path: path}
	area, err := findSwap(path)
	if err != nil {
		return nil, err
	}
	if area == nil {
		return s, s.turnOn(size)
	}
	if err := s.resize(size); err != nil && !errors.Is(err, ErrSwapInUse) {
		return nil, err
	}
	return s, nil
}

// canonical resolves links in the folder, as the kernel does. A link in place
// of the file itself is a foreign file.
func canonical(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", &NoSwapError{Reason: "its folder cannot be looked at: make it, or choose another path", Err: err}
	}
	return filepath.Join(dir, filepath.Base(path)), nil
}

func refuseForeign(path string) error {
	ours, err := isOurs(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !ours {
		return &NoSwapError{Reason: "there is a file that torpor did not make: move it away, or choose another path"}
	}
	return err
}

// turnOn makes the file anew: one of ours that is there, even of the right
// size, may have been copied with holes, which the kernel refuses.
func (s *Swap) turnOn(size uint64) error {
	if err := errors.Join(removeFile(partial(s.path)), removeFile(s.path)); err != nil {
		return err
	}
	if err := checkPlace(filepath.Dir(s.path), size, 0); err != nil {
		return err
	}
	if err := makeFile(s.path, int64(toPages(size))); err != nil {
		return err
	}
	priority, err := nextPriority()
	if err == nil {
		err = swapOn(s.path, priority)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("swapon: %w", err), removeFile(s.path))
	}
	return nil
}

// Path is where the file is, with links resolved.
func (s *Swap) Path() string { return s.path }

// Usage is read from the kernel, which keeps one page for itself.
func (s *Swap) Usage() (SwapUsage, error) {
	area, err := findSwap(s.path)
	if err != nil {
		return SwapUsage{}, fmt.Errorf("hibernate: usage of swap: %w", err)
	}
	if area == nil {
		return SwapUsage{}, nil
	}
	return SwapUsage{Size: area.size, Used: area.used}, nil
}

// Resize gives the file another size, in bytes. The error wraps ErrSwapInUse
// when the file holds anything, a *NoSwapError when there is no room; both
// leave it as it is. After any other error Usage tells whether it is on.
func (s *Swap) Resize(size uint64) error {
	if err := s.resize(size); err != nil {
		return fmt.Errorf("hibernate: resize swap %s: %w", s.path, err)
	}
	return nil
}

func (s *Swap) resize(size uint64) error {
	about, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if uint64(about.Size()) == toPages(size) {
		return nil
	}
	usage, err := s.Usage()
	if err != nil {
		return err
	}
	if usage.Used > 0 {
		return ErrSwapInUse
	}
	// Too little room is better found while the old file is still on.
	if err := checkPlace(filepath.Dir(s.path), size, uint64(about.Size())); err != nil {
		return err
	}
	if err := swapOff(context.Background(), s.path); err != nil {
		return fmt.Errorf("swapoff: %w", err)
	}
	return s.turnOn(size)
}

// Close takes the file out of use and removes it. What it holds goes back to
// memory first, which takes long; when ctx ends before that, or there is not
// the memory, the file stays in use.
func (s *Swap) Close(ctx context.Context) error {
	area, err := findSwap(s.path)
	if err == nil && area != nil {
		err = swapOff(ctx, s.path)
	}
	if err == nil {
		err = removeFile(s.path)
	}
	if err != nil {
		return fmt.Errorf("hibernate: close swap %s: %w", s.path, err)
	}
	return nil
}

// toPages rounds down to whole pages.
func toPages(size uint64) uint64 {
	page := uint64(os.Getpagesize())
	return size / page * page
}
