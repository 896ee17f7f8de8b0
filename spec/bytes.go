package spec

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Bytes is a size in bytes.
type Bytes uint64

// The units of sizes. All are binary.
const (
	KiB Bytes = 1 << (10 * (iota + 1))
	MiB
	GiB
	TiB
)

type unit struct {
	name string
	size Bytes
}

// units is in the order in which String prefers them.
func units() []unit {
	return []unit{{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", 1}}
}

// sizeForm also takes what people write by habit ("512 mb"), so that the error can say what they meant.
// Forty decimals are enough for any whole number of bytes.
var sizeForm = regexp.MustCompile(`^([0-9]{1,20}(?:\.[0-9]{1,40})?)( *)([A-Za-z]*)$`)

// ParseBytes reads a size such as "512MiB" or "1.5GiB". The units are B, KiB, MiB, GiB and TiB; one has
// to be there. The size has to be a whole number of bytes below 2^64. The error says what to write
// instead.
func ParseBytes(s string) (Bytes, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a size: write a number and a unit, such as \"512MiB\"", s)
	}
	number, space, name := m[1], m[2], m[3]
	for _, u := range units() {
		if u.name == name && space == "" {
			return multiply(s, number, u.size)
		}
	}
	return 0, fmt.Errorf("%q is not a size: write %q", s, number+likelyUnit(name))
}

func multiply(s, number string, size Bytes) (Bytes, error) {
	r, _ := new(big.Rat).SetString(number)
	r.Mul(r, new(big.Rat).SetUint64(uint64(size)))
	if !r.IsInt() {
		return 0, fmt.Errorf("%q is not a whole number of bytes: write fewer decimals or a smaller unit", s)
	}
	if !r.Num().IsUint64() {
		return 0, fmt.Errorf("%q is too large: a size is less than 16777216TiB", s)
	}
	return Bytes(r.Num().Uint64()), nil
}

// likelyUnit is the unit that was probably meant by another spelling.
func likelyUnit(name string) string {
	lower := strings.ToLower(name)
	for _, u := range units() {
		if lower != "" && lower[0] == strings.ToLower(u.name)[0] {
			return u.name
		}
	}
	return "MiB"
}

// String gives the shortest form that ParseBytes reads back as the same size: "512MiB", "1.5GiB".
func (b Bytes) String() string {
	best := strconv.FormatUint(uint64(b), 10) + "B"
	for _, u := range units() {
		if b < u.size {
			continue
		}
		if s := b.in(u); len(s) < len(best) {
			best = s
		}
	}
	return best
}

func (b Bytes) in(u unit) string {
	r := new(big.Rat).SetFrac(new(big.Int).SetUint64(uint64(b)), new(big.Int).SetUint64(uint64(u.size)))
	s := r.FloatString(40)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".") + u.name
}
