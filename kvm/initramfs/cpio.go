package initramfs

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// archive writes a cpio archive of the "new ASCII" format, the one that Linux unpacks.
// Nothing in it depends on when or where it is made.
type archive struct {
	out     bytes.Buffer
	inode   int
	folders map[string]bool
}

// Types in the mode field.
const (
	typeFolder = 0o040000
	typeFile   = 0o100000
	typeDevice = 0o020000 // a character device
)

// file adds a file of root's, and the folders above it. Names are absolute.
func (a *archive) file(name string, perm fs.FileMode, data []byte) {
	name = strings.TrimPrefix(path.Clean(name), "/")
	a.above(name)
	a.entry(name, typeFile|uint32(perm.Perm()), 1, 0, 0, data)
}

// device adds a character device.
func (a *archive) device(name string, major, minor int) {
	a.above(name)
	a.entry(name, typeDevice|0o600, 1, major, minor, nil)
}

func (a *archive) above(name string) {
	folder := path.Dir(name)
	if folder == "." || a.folders[folder] {
		return
	}
	a.above(folder)
	a.folder(folder)
}

func (a *archive) folder(name string) {
	if a.folders == nil {
		a.folders = map[string]bool{}
	}
	a.folders[name] = true
	a.entry(name, typeFolder|0o755, 2, 0, 0, nil)
}

// finish ends the archive and returns it. Its length is a multiple of 512, so that another
// may follow.
func (a *archive) finish() []byte {
	a.inode = -1
	a.entry("TRAILER!!!", 0, 1, 0, 0, nil)
	a.pad(512)
	return a.out.Bytes()
}

func (a *archive) entry(name string, mode uint32, links, major, minor int, data []byte) {
	a.inode++
	a.out.WriteString("070701")
	for _, field := range []int{
		a.inode, int(mode), 0, 0, // user and group
		links, 0, len(data), // modification time
		0, 0, // the device it is on
		major, minor,
		len(name) + 1, 0, // checksum, which this format has none of
	} {
		fmt.Fprintf(&a.out, "%08X", uint32(field))
	}
	a.out.WriteString(name)
	a.out.WriteByte(0)
	a.pad(4)
	a.out.Write(data)
	a.pad(4)
}

func (a *archive) pad(to int) {
	if rest := a.out.Len() % to; rest > 0 {
		a.out.Write(make([]byte, to-rest))
	}
}
