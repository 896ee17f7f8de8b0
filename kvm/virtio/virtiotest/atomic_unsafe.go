package virtiotest

import (
	"sync/atomic"
	"unsafe"
)

func store(word []byte, v uint32) { atomic.StoreUint32((*uint32)(unsafe.Pointer(&word[0])), v) }

func load(word []byte) uint32 { return atomic.LoadUint32((*uint32)(unsafe.Pointer(&word[0]))) }
