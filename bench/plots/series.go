package plots

import (
	"image/color"
	"math"
)

// Missing is the value of what was not measured.
var Missing = math.NaN()

// Look is how a series looks, wherever it appears.
type Look int

const (
	Ours Look = iota // stands out
	Pale             // ours in another way
	Grey
	Ink
	Green
	Orange
	Purple
	Ring // an outline only
)

func (l Look) colour() color.Color {
	return map[Look]color.Color{
		Ours:   color.RGBA{R: 0x15, G: 0x65, B: 0xc0, A: 0xff},
		Pale:   color.RGBA{R: 0x8f, G: 0xbc, B: 0xe8, A: 0xff},
		Grey:   color.RGBA{R: 0xa8, G: 0xa8, B: 0xa8, A: 0xff},
		Ink:    color.RGBA{R: 0x20, G: 0x20, B: 0x20, A: 0xff},
		Green:  color.RGBA{R: 0x2e, G: 0x9d, B: 0x5b, A: 0xff},
		Orange: color.RGBA{R: 0xf0, G: 0x8a, B: 0x1d, A: 0xff},
		Purple: color.RGBA{R: 0x9b, G: 0x59, B: 0xb6, A: 0xff},
		Ring:   color.RGBA{R: 0xc6, G: 0x28, B: 0x28, A: 0xff},
	}[l]
}

// Series is one value for each label.
type Series struct {
	Name   string
	Look   Look
	Values []float64
}
