package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"torpor/kvm/virtio"
)

// Block is a disk, which is a file on the host.
type Block struct {
	file     *os.File
	fd       int // its
	sectors  uint64
	readOnly bool
	id       string
	queue    *virtio.Queue
}

const (
	sectorSize = 512

	blockSegMax  = 1 << 2
	blockRO      = 1 << 5
	blockSize    = 1 << 6
	blockFlush   = 1 << 9
	blockDiscard = 1 << 13
	blockZeroes  = 1 << 14

	blockIn       = 0
	blockOut      = 1
	blockDoFlush  = 4
	blockID       = 8
	blockUnmap    = 11
	blockWipe     = 13
	blockIDLength = 20

	blockOK          = 0
	blockFailed      = 1
	blockUnsupported = 2

	blockQueue    = 128
	blockSegments = 126 // of a request, beside its header and status
	blockUnit     = 4096
	wipeMost      = 1 << 22 // sectors
	wipeSegment   = 16      // bytes that describe what to wipe
)

// NewBlock makes a disk of the whole sectors of a file, of which others write none
// while it is in use.
func NewBlock(file *os.File, readOnly bool, id string) (*Block, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("block device: %w", err)
	}
	return &Block{file: file, fd: int(file.Fd()), sectors: uint64(info.Size()) / sectorSize, readOnly: readOnly, id: id}, nil
}

func (b *Block) Type() uint32                      { return virtio.TypeBlock }
func (b *Block) Queues() []int                     { return []int{blockQueue} }
func (b *Block) SetConfig(uint64, []byte)          {}
func (b *Block) Start(q []*virtio.Queue, _ uint64) { b.queue = q[0] }
func (b *Block) Reset()                            { b.queue = nil }

func (b *Block) Features() uint64 {
	if b.readOnly {
		return blockSegMax | blockSize | blockFlush | blockRO
	}
	return blockSegMax | blockSize | blockFlush | blockDiscard | blockZeroes
}

func (b *Block) Config(offset uint64, data []byte) {
	var c [60]byte
	le := binary.LittleEndian
	le.PutUint64(c[0:], b.sectors)
	le.PutUint32(c[12:], blockSegments)
	le.PutUint32(c[20:], sectorSize)
	le.PutUint32(c[36:], wipeMost) // discard
	le.PutUint32(c[40:], 1)
	le.PutUint32(c[44:], blockUnit/sectorSize)
	le.PutUint32(c[48:], wipeMost) // zeroes
	le.PutUint32(c[52:], 1)
	c[56] = 1 // and what is zeroed may be given back
	readConfig(c[:], offset, data)
}

func (b *Block) Notified(int) error {
	for {
		request, ok, err := b.queue.Pop()
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		written, err := b.serve(request)
		if err != nil {
			return err
		}
		b.queue.Push(request, written)
		b.queue.Interrupt()
	}
}

// serve does what a request wants and says in its last byte how that went. It
// returns how many bytes it wrote.
func (b *Block) serve(request virtio.Chain) (uint32, error) {
	var header [16]byte
	room := virtio.Length(request.Writable)
	if request.Read(header[:]) < len(header) || room == 0 || room > 1<<31 {
		return 0, fmt.Errorf("%w: request without header or status", virtio.ErrViolation)
	}
	kind := binary.LittleEndian.Uint32(header[:])
	sector := binary.LittleEndian.Uint64(header[8:])
	in := virtio.First(request.Writable, int(room-1))
	out := virtio.Skip(request.Readable, len(header))
	var status byte = blockOK
	var n uint64
	var err error
	switch kind {
	case blockIn:
		n, err = b.transfer(unix.Preadv, in, sector)
	case blockOut:
		if err = b.writable(); err == nil {
			_, err = b.transfer(unix.Pwritev, out, sector)
		}
	case blockDoFlush:
		err = b.file.Sync()
	case blockID:
		var id [blockIDLength]byte
		copy(id[:], b.id)
		n = uint64(virtio.CopyTo(in, id[:]))
	case blockUnmap, blockWipe:
		if err = b.writable(); err == nil {
			err = b.wipe(out)
		}
	default:
		status = blockUnsupported
	}
	if err != nil {
		status = blockFailed
	}
	virtio.CopyTo(virtio.Skip(request.Writable, int(room-1)), []byte{status})
	if status == blockOK && n == room-1 {
		return uint32(room), nil
	}
	return 1, nil
}

var errReadOnly = errors.New("disk is read-only")

func (b *Block) writable() error {
	if b.readOnly {
		return errReadOnly
	}
	return nil
}

// inside checks that so many bytes at a sector are whole sectors of the disk.
func (b *Block) inside(sector, bytes uint64) error {
	if bytes%sectorSize != 0 || sector > b.sectors || bytes/sectorSize > b.sectors-sector {
		return fmt.Errorf("%d bytes at sector %d are not on a disk of %d", bytes, sector, b.sectors)
	}
	return nil
}

// transfer reads or writes all of buffers.
func (b *Block) transfer(do func(int, [][]byte, int64) (int, error), buffers [][]byte, sector uint64) (uint64, error) {
	length := virtio.Length(buffers)
	if err := b.inside(sector, length); err != nil {
		return 0, err
	}
	var done uint64
	for done < length {
		n, err := do(b.fd, buffers, int64(sector*sectorSize+done))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return done, err
		case n <= 0:
			return done, unix.EIO
		}
		done += uint64(n)
		buffers = virtio.Skip(buffers, n)
	}
	return done, nil
}

// wipe makes the stretches of the disk that out describes read as zeroes, and
// gives the host's disk their room back.
func (b *Block) wipe(out [][]byte) error {
	var segment [wipeSegment]byte
	if virtio.Length(out) != wipeSegment {
		return errors.New("not one stretch to wipe")
	}
	virtio.CopyFrom(segment[:], out)
	sector := binary.LittleEndian.Uint64(segment[:])
	length := uint64(binary.LittleEndian.Uint32(segment[8:])) * sectorSize
	if err := b.inside(sector, length); err != nil || length == 0 {
		return err
	}
	const mode = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	for {
		err := unix.Fallocate(b.fd, mode, int64(sector*sectorSize), int64(length))
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
