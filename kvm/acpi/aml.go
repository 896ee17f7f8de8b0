package acpi

import "encoding/binary"

// aml is a piece of ACPI machine language, as in chapter 20 of the ACPI
// specification, of which this is the little that is needed here.
type aml []byte

const (
	opName    = 0x08
	opByte    = 0x0a
	opDword   = 0x0c
	opString  = 0x0d
	opScope   = 0x10
	opBuffer  = 0x11
	opPackage = 0x12
	opExt     = 0x5b
	opDevice  = 0x82 // after opExt
)

func name(n string, value aml) aml { return join(aml{opName}, aml(n), value) }
func scope(n string, body ...aml) aml {
	return join(aml{opScope}, sized(join(append([]aml{aml(n)}, body...)...)))
}

func device(n string, body ...aml) aml {
	return join(aml{opExt, opDevice}, sized(join(append([]aml{aml(n)}, body...)...)))
}

func text(s string) aml { return join(aml{opString}, aml(s), aml{0}) }

func number(n uint32) aml { return binary.LittleEndian.AppendUint32(aml{opDword}, n) }

func small(n uint8) aml { return aml{opByte, n} }

func buffer(b []byte) aml { return join(aml{opBuffer}, sized(join(number(uint32(len(b))), b))) }

func list(items ...aml) aml {
	return join(aml{opPackage}, sized(join(aml{byte(len(items))}, join(items...))))
}

func join(parts ...aml) (all aml) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// sized puts a length before body, which counts itself: one byte for up to 63,
// or else four bits and up to three bytes more.
func sized(body aml) aml {
	if n := len(body) + 1; n < 1<<6 {
		return join(aml{byte(n)}, body)
	}
	for more := 1; ; more++ {
		n := len(body) + 1 + more
		if n >= 1<<(4+8*more) {
			continue
		}
		head := aml{byte(more<<6 | n&0xf)}
		for i := range more {
			head = append(head, byte(n>>(4+8*i)))
		}
		return join(head, body)
	}
}
