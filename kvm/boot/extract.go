package boot

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// ErrPacked says that a kernel is packed in a way that is not known here. It can
// still unpack itself.
var ErrPacked = errors.New("kernel is packed in an unknown way")

// formats are the ways in which kernels are packed, by how the packed data begins.
var formats = []struct {
	magic  string
	reader func(io.Reader) (io.Reader, error)
}{
	{"\x1f\x8b\x08", func(r io.Reader) (io.Reader, error) { return oneGzip(r) }},
	{"BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{"\x28\xb5\x2f\xfd", func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) }},
	{"\x02\x21\x4c\x18", func(r io.Reader) (io.Reader, error) { return newLZ4(r), nil }},
}

// maxKernel bounds what is unpacked.
const maxKernel = 1 << 30

// Extract writes the ELF kernel that a bzImage of size bytes unpacks to. The
// error is [ErrPacked] where only the kernel itself knows how, and [ErrNoKernel]
// where there is none.
func Extract(to io.Writer, kernel io.ReaderAt, size int64) error {
	s, isImage, err := readSetup(kernel)
	if err != nil {
		return fmt.Errorf("extract kernel: %w", err)
	}
	if !isImage {
		if _, err := elf.NewFile(kernel); err != nil {
			return fmt.Errorf("extract kernel: %w", ErrNoKernel)
		}
		return copyAtMost(to, io.NewSectionReader(kernel, 0, size))
	}
	const sizeAtEnd = 4 // the unpacked size, after the data; part of gzip's own format
	start := s.protectedMode() + int64(le.Uint32(s[payloadOffset:]))
	length := int64(le.Uint32(s[payloadLength:]))
	if length <= sizeAtEnd || start+length > size {
		return fmt.Errorf("extract kernel: cut off: %w", ErrNoKernel)
	}
	packed := io.NewSectionReader(kernel, start, length-sizeAtEnd)
	var magic [8]byte
	if _, err := packed.ReadAt(magic[:], 0); err != nil {
		return fmt.Errorf("extract kernel: %w", err)
	}
	for _, f := range formats {
		if !bytes.HasPrefix(magic[:], []byte(f.magic)) {
			continue
		}
		if f.magic[0] == 0x1f {
			packed = io.NewSectionReader(kernel, start, length)
		}
		r, err := f.reader(packed)
		if err == nil {
			err = copyAtMost(to, r)
		}
		if err != nil {
			return fmt.Errorf("extract kernel: %w", err)
		}
		return nil
	}
	return fmt.Errorf("extract kernel: %w: %x", ErrPacked, magic)
}

// oneGzip reads one stream and not what may follow.
func oneGzip(r io.Reader) (io.Reader, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return z, nil
}

func copyAtMost(to io.Writer, from io.Reader) error {
	n, err := io.Copy(to, io.LimitReader(from, maxKernel+1))
	if err == nil && n > maxKernel {
		err = fmt.Errorf("more than %d bytes: %w", maxKernel, ErrNoKernel)
	}
	return err
}
