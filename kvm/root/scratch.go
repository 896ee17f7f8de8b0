package root

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// MinScratch is the smallest scratch disk, in bytes.
const MinScratch = 16 << 20

// Scratch returns an empty disk of size bytes that a function may write to. Its file in dir has no
// name any more: it is gone when the last descriptor is closed. It is sparse, and takes what is written
// to it.
func Scratch(ctx context.Context, dir string, size uint64) (*os.File, error) {
	if size < MinScratch {
		return nil, fmt.Errorf("root: a scratch disk of %d bytes is smaller than %d", size, MinScratch)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("root: scratch disk: %w", err)
	}
	folder, err := os.MkdirTemp(dir, ".scratch-")
	if err != nil {
		return nil, fmt.Errorf("root: scratch disk: %w", err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "disk")
	if err := mke2fs(ctx, path, size&^(blockSize-1)); err != nil {
		return nil, fmt.Errorf("root: scratch disk in %s: %w", dir, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("root: scratch disk: %w", err)
	}
	return f, nil
}
