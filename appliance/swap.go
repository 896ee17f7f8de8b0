package appliance

import (
	"path/filepath"

	"golang.org/x/sys/unix"

	"torpor/event"
	"torpor/hibernate"
	"torpor/reconcile"
	"torpor/spec"
)

// swapState is the node's swap file as the loop knows it.
type swapState struct {
	wanted spec.Swap
	file   *hibernate.Swap
	err    error
	busy   bool // being made or resized
}

// observe reads how full the swap file is.
func (s *swapState) observe() reconcile.Swap {
	switch {
	case s.file != nil:
		usage, err := s.file.Usage()
		if err != nil {
			return reconcile.Swap{Reason: err.Error()}
		}
		if usage.Size == 0 {
			return reconcile.Swap{Reason: "the swap file " + s.file.Path() + " was taken out of use by somebody else: restart the daemon"}
		}
		return reconcile.Swap{Ready: true, Free: int64(usage.Size) - int64(usage.Used)}
	case s.err != nil:
		return reconcile.Swap{Reason: s.err.Error()}
	}
	return reconcile.Swap{Reason: "the swap file is being made"}
}

// sizeSwap makes the swap file as declared, in the background: allocating may
// take a while.
func (d *daemon) sizeSwap() {
	wanted := d.wantedSwap()
	if d.swap.busy || wanted == d.swap.wanted {
		return
	}
	d.swap.busy, d.swap.wanted = true, wanted
	old := d.swap.file
	if err := d.swapList().add(wanted.Path); err != nil {
		d.Log.Error("cannot note the swap file for teardown", "error", err)
	}
	d.ops.Go(func() {
		file, err := moveSwap(old, wanted)
		d.post(func() { d.swapSized(file, err) })
	})
}

func (d *daemon) swapSized(file *hibernate.Swap, err error) {
	d.swap.busy, d.swap.file, d.swap.err = false, file, err
	switch {
	case err != nil && file == nil:
		d.Log.Error("hibernation is off, functions run all the same", event.SwapFailed, "error", err)
	case err != nil:
		d.Log.Error("the swap file stays as it was", event.SwapFailed, "error", err)
	default:
		d.Log.Info("swap file ready", event.SwapReady, "path", file.Path(), "size", event.Bytes(d.swap.wanted.Size))
	}
	d.sizeSwap() // the declaration may have changed meanwhile
}

// moveSwap makes the wanted file out of the old one, which may be nil. A file
// under another path stays in use until it is empty, as the kernel has memory
// in it: the next start of the machine forgets it.
func moveSwap(old *hibernate.Swap, wanted spec.Swap) (*hibernate.Swap, error) {
	if old != nil && old.Path() == wanted.Path {
		return old, old.Resize(uint64(wanted.Size))
	}
	return hibernate.EnsureSwap(wanted.Path, uint64(wanted.Size))
}

// wantedSwap is the declared swap file, with what is not declared filled in: a
// file in the state folder of twice the budget, but at most half of the free
// disk.
func (d *daemon) wantedSwap() spec.Swap {
	s := d.config.Node.Swap
	s.Range, s.WritesPerDay = spec.Swap{}.Range, 0 // which say nothing about the file
	if s.Path == "" {
		s.Path = filepath.Join(d.State, "swap")
	}
	if was := d.swap.wanted; !s.Enabled && !was.Enabled && was.Size > 0 {
		s.Size = was.Size // chosen once: the free disk changes all the time
	} else if !s.Enabled {
		s.Size = d.defaultSwapSize()
	}
	return s
}

func (d *daemon) defaultSwapSize() spec.Bytes {
	size := 2 * d.config.Node.MemoryBudget
	var fs unix.Statfs_t
	if err := unix.Statfs(d.State, &fs); err == nil {
		size = min(size, wholeMiB(fs.Bavail*uint64(fs.Bsize)/2))
	}
	return size
}

// wholeMiB rounds down.
func wholeMiB(n uint64) spec.Bytes { return spec.Bytes(n) / spec.MiB * spec.MiB }
