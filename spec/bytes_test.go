package spec

import (
	"math"
	"strings"
	"testing"
)

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]Bytes{
		"0B": 0, "1B": 1, "1KiB": 1024, "512MiB": 512 * MiB, "1.5GiB": 1536 * MiB, "0.5KiB": 512, "2TiB": 2 * TiB,
		"007MiB": 7 * MiB, "18446744073709551615B": math.MaxUint64, "16777215TiB": 16777215 * TiB,
	} {
		if got, err := ParseBytes(in); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", in, got, err, want)
		}
	}
}

func TestParseBytesSaysWhatToWrite(t *testing.T) {
	for in, want := range map[string]string{
		"512MB":                 `write "512MiB"`,
		"512m":                  `write "512MiB"`,
		"512 MiB":               `write "512MiB"`,
		"512mib":                `write "512MiB"`,
		"512":                   `write "512MiB"`,
		"2g":                    `write "2GiB"`,
		"4k":                    `write "4KiB"`,
		"1T":                    `write "1TiB"`,
		"100bytes":              `write "100B"`,
		"3furlongs":             `write "3MiB"`,
		"":                      `such as "512MiB"`,
		"-1MiB":                 `such as "512MiB"`,
		"1e3MiB":                `such as "512MiB"`,
		".5MiB":                 `such as "512MiB"`,
		"1.B":                   `such as "512MiB"`,
		"1,5GiB":                `such as "512MiB"`,
		"0.3B":                  "not a whole number of bytes",
		"18446744073709551616B": "too large",
		"16777216TiB":           "too large",
		"99999999999999999TiB":  "too large",
	} {
		if got, err := ParseBytes(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %d, %v, want %s", in, got, err, want)
		}
	}
}

func TestBytesString(t *testing.T) {
	for in, want := range map[Bytes]string{
		0: "0B", 1: "1B", 1000: "1000B", 1024: "1KiB", 1025: "1025B", 512 * MiB: "512MiB", 1536 * MiB: "1.5GiB",
		GiB: "1GiB", 1023 * MiB: "1023MiB", math.MaxUint64: "18446744073709551615B", 5 * TiB / 2: "2.5TiB",
	} {
		if got := in.String(); got != want {
			t.Errorf("%d: got %s, want %s", uint64(in), got, want)
		}
	}
}

func FuzzParseBytes(f *testing.F) {
	for _, s := range []string{"512MiB", "1.5GiB", "0B", "512MB", "18446744073709551616B", "0.0009765625KiB"} {
		f.Add(s, uint64(len(s)))
	}
	f.Fuzz(func(t *testing.T, s string, n uint64) {
		if b, err := ParseBytes(s); err == nil {
			n = uint64(b)
		}
		text := Bytes(n).String()
		if again, err := ParseBytes(text); err != nil || uint64(again) != n {
			t.Errorf("%d is written %s, which is read as %d, %v", n, text, again, err)
		}
	})
}
