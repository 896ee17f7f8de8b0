package initramfs

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// bare is a module without what only takes time to load: its types, and its signature, which is not good any more then.
// It comes from where the kernel does, and nobody in between could have changed it. It changes the module.
func bare(module []byte) []byte {
	module = unsigned(module)
	hideTypes(module)
	return module
}

// unsigned cuts the signature off.
func unsigned(module []byte) []byte {
	const mark, trailer = "~Module signature appended~\n", 12 // of which the last four bytes are the signature's length
	body, signed := bytes.CutSuffix(module, []byte(mark))
	if !signed || len(body) < trailer {
		return module
	}
	length := uint64(binary.BigEndian.Uint32(body[len(body)-4:]))
	if length > uint64(len(body)-trailer) {
		return module
	}
	return body[:uint64(len(body)-trailer)-length]
}

// hideTypes renames the section that tells the kernel's tracers of a module's types (BTF). The kernel would read its own
// through for the first, which guests are not given.
func hideTypes(module []byte) {
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return // for the kernel to complain about
	}
	strings := f.Section(".shstrtab")
	if strings == nil || strings.Offset+strings.Size > uint64(len(module)) {
		return
	}
	names := module[strings.Offset : strings.Offset+strings.Size]
	if i := bytes.Index(names, []byte("\x00.BTF\x00")); i >= 0 {
		names[i+1] = '_'
	}
}
