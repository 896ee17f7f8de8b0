package plots

import (
	"fmt"
	"image/color"
	"os"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// render writes what is drawn on a white canvas.
func render(path string, width, height vg.Length, paint func(draw.Canvas)) error {
	image := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))}
	canvas := draw.New(image)
	canvas.SetColor(color.White)
	canvas.Fill(canvas.Rectangle.Path())
	paint(canvas)
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("plots: %w", err)
	}
	defer file.Close()
	if _, err := image.WriteTo(file); err != nil {
		return fmt.Errorf("plots: %s: %w", path, err)
	}
	return file.Close()
}

// dpi is fine enough for a display with small pixels.
const dpi = 144
