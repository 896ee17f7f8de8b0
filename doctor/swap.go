package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"torpor/hibernate"
)

// swap tries a small swap file in the state folder, unless torpor has one there.
func swap(ctx context.Context, state, proc string) Finding {
	const name = "swap"
	ours, others := swapsInUse(state, proc)
	if ours != "" {
		return ok(name, ours+" is in use"+beside(others))
	}
	if err := trySwap(ctx, existing(state)); err != nil {
		var no *hibernate.NoSwapError
		if errors.As(err, &no) {
			return fail(name, "none can be made in "+existing(state)+", so nothing can sleep", no.Reason)
		}
		return fail(name, err.Error(), "take it out of use with swapoff and remove it")
	}
	return ok(name, "a swap file works in "+existing(state)+beside(others))
}

func trySwap(ctx context.Context, dir string) error {
	private, err := os.MkdirTemp(dir, ".torpor-doctor-")
	if err != nil {
		return &hibernate.NoSwapError{Path: dir, Reason: "it cannot be written: run as root, or give another --state folder", Err: err}
	}
	swap, err := hibernate.EnsureSwap(filepath.Join(private, "swap"), 1<<20)
	if err == nil {
		// Also when the user has had enough: it must not stay.
		err = swap.Close(context.WithoutCancel(ctx))
	}
	return errors.Join(err, os.Remove(private))
}

// swapsInUse tells torpor's own swap file from others.
func swapsInUse(state, proc string) (ours string, others []string) {
	text, err := os.ReadFile(filepath.Join(proc, "swaps"))
	if err != nil {
		return "", nil
	}
	for line := range strings.Lines(string(text)) {
		path, _, _ := strings.Cut(line, " ")
		path, _, _ = strings.Cut(path, "\t")
		switch {
		case !filepath.IsAbs(path): // the heading
		case filepath.Dir(path) == filepath.Clean(state):
			ours = path
		default:
			others = append(others, path)
		}
	}
	return ours, others
}

func beside(others []string) string {
	if len(others) == 0 {
		return ""
	}
	return "; other swap: " + strings.Join(others, ", ")
}
