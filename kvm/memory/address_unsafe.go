package memory

import (
	"fmt"
	"unsafe"
)

// Address is where in the guest a slice of its memory is.
func (m *Memory) Address(slice []byte) (uint64, error) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(slice)))
	for _, r := range m.regions {
		start := uintptr(unsafe.Pointer(unsafe.SliceData(r.Bytes)))
		if at >= start && at-start <= uintptr(len(r.Bytes)) {
			return r.Start + uint64(at-start), nil
		}
	}
	return 0, fmt.Errorf("a slice of %d bytes is %w", len(slice), ErrOutside)
}
