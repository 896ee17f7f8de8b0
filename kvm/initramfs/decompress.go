package initramfs

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxModule is the most that a module may have unpacked: far more than any guest needs has.
const maxModule = 64 << 20

// readModule returns the contents of a module's file, unpacked.
func readModule(path string) ([]byte, error) {
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("initramfs: %w", err)
	}
	module, err := unpack(path, packed)
	if err != nil {
		return nil, fmt.Errorf("initramfs: unpacking %s: %w", path, err)
	}
	if !bytes.HasPrefix(module, []byte("\x7fELF")) {
		return nil, fmt.Errorf("initramfs: %s is not a kernel module: install its package again", path)
	}
	return bare(module), nil
}

func unpack(path string, packed []byte) ([]byte, error) {
	var r io.Reader
	var err error
	switch {
	case strings.HasSuffix(path, ".xz"):
		r, err = xz.NewReader(bytes.NewReader(packed))
	case strings.HasSuffix(path, ".gz"):
		r, err = gzip.NewReader(bytes.NewReader(packed))
	case strings.HasSuffix(path, ".zst"):
		var d *zstd.Decoder
		if d, err = zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1)); err == nil {
			defer d.Close()
			r = d
		}
	default:
		return packed, nil
	}
	if err != nil {
		return nil, err
	}
	module, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	if err == nil && len(module) > maxModule {
		err = fmt.Errorf("it has more than %d MiB", maxModule>>20)
	}
	return module, err
}
