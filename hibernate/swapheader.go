package hibernate

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// The header of a swap area is the first page of its file, as in the kernel's
// include/linux/swap.h. Writing it takes less than depending on mkswap, and
// the label is how we know our own file.
const (
	swapMagic = "SWAPSPACE2" // at the end of the page
	swapLabel = "torpor"
)

// swapInfo begins at swapInfoAt of the first page, in the machine's byte order.
type swapInfo struct {
	Version  uint32
	LastPage uint32
	BadPages uint32
	UUID     [16]byte
	Label    [16]byte
}

const swapInfoAt = 1024

// swapHeader is the header of an area of size bytes.
func swapHeader(size int64) ([]byte, error) {
	pageSize := os.Getpagesize()
	info := swapInfo{Version: 1, LastPage: uint32(size/int64(pageSize) - 1)}
	if _, err := rand.Read(info.UUID[:]); err != nil {
		return nil, err
	}
	copy(info.Label[:], swapLabel)
	page := make([]byte, pageSize)
	if _, err := binary.Encode(page[swapInfoAt:], binary.NativeEndian, info); err != nil {
		return nil, err
	}
	copy(page[pageSize-len(swapMagic):], swapMagic)
	return page, nil
}

// isOurs tells whether the file at path begins with a header that we wrote.
func isOurs(path string) (bool, error) {
	about, err := os.Lstat(path)
	if err != nil || !about.Mode().IsRegular() {
		return false, err
	}
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	page := make([]byte, os.Getpagesize())
	if _, err := io.ReadFull(file, page); err != nil {
		return false, ignoreShort(err)
	}
	var info swapInfo
	if _, err := binary.Decode(page[swapInfoAt:], binary.NativeEndian, &info); err != nil {
		return false, fmt.Errorf("read swap header: %w", err)
	}
	label := string(bytes.TrimRight(info.Label[:], "\x00"))
	return bytes.HasSuffix(page, []byte(swapMagic)) && label == swapLabel, nil
}

// ignoreShort: a file shorter than a page is simply not ours.
func ignoreShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}
