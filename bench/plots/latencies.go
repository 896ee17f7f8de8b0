package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Latencies draws one line for each label, with a dot for each series on a scale that grows tenfold from mark to mark.
// Values are milliseconds above 0, or Missing. The dots of ours are larger, and tell their value.
func Latencies(path, title string, labels []string, series []Series) error {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font.Size = vg.Points(16)
	p.Title.Padding = vg.Points(8)
	p.X.Label.Text = "milliseconds, each mark ten times the one before"
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = plot.TickerFunc(decades)
	p.X.Min, p.X.Max = bounds(series)
	names(p, labels)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{Y: 0xd4}, color.Gray{Y: 0xd4}
	p.Add(grid)
	for _, s := range series {
		if err := dots(p, s, len(labels)); err != nil {
			return err
		}
	}
	legend(p)
	return render(path, 12*vg.Inch, vg.Length(len(labels))*0.55*vg.Inch+1.9*vg.Inch, func(c draw.Canvas) {
		p.Draw(draw.Crop(c, vg.Points(10), -vg.Points(20), vg.Points(6), -vg.Points(8)))
	})
}

func dots(p *plot.Plot, s Series, labels int) error {
	var at plotter.XYs
	var values plotter.XYLabels
	for i, v := range s.Values {
		if !math.IsNaN(v) {
			xy := plotter.XY{X: v, Y: float64(labels - 1 - i)}
			at = append(at, xy)
			values.XYs = append(values.XYs, xy)
			values.Labels = append(values.Labels, milliseconds(v))
		}
	}
	if len(at) == 0 {
		return nil
	}
	scatter, err := plotter.NewScatter(at)
	if err != nil {
		return fmt.Errorf("plots: %s: %w", s.Name, err)
	}
	scatter.Color, scatter.Radius, scatter.Shape = s.Look.colour(), vg.Points(5), draw.CircleGlyph{}
	switch s.Look {
	case Ours:
		scatter.Radius = vg.Points(8)
	case Ring:
		scatter.Shape, scatter.Radius = draw.RingGlyph{}, vg.Points(6)
	}
	p.Add(scatter)
	p.Legend.Add(s.Name, scatter)
	if s.Look != Ours && s.Look != Grey {
		return nil
	}
	text, err := plotter.NewLabels(values)
	if err != nil {
		return fmt.Errorf("plots: %s: %w", s.Name, err)
	}
	for i := range text.TextStyle {
		text.TextStyle[i].Font.Size = vg.Points(9)
		text.TextStyle[i].Color = s.Look.colour()
		text.TextStyle[i].XAlign = draw.XCenter
		if s.Look == Ours {
			text.TextStyle[i].Font.Size = vg.Points(11)
		} else {
			text.TextStyle[i].Color = color.Gray{Y: 0x70}
		}
	}
	text.Offset = vg.Point{Y: vg.Points(9)}
	if s.Look != Ours {
		text.Offset.Y = -vg.Points(18) // below, where it is in nobody's way
	}
	p.Add(text)
	return nil
}

// names writes the labels along the vertical axis, the first one on top.
func names(p *plot.Plot, labels []string) {
	var ticks []plot.Tick
	for i, label := range labels {
		ticks = append(ticks, plot.Tick{Value: float64(len(labels) - 1 - i), Label: label})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Tick.Label.Font.Size = vg.Points(12)
	p.Y.Tick.Length, p.Y.LineStyle.Width = 0, 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(labels))-0.4
}

func legend(p *plot.Plot) {
	p.Legend.Top = true
	p.Legend.TextStyle.Font.Size = vg.Points(11)
	p.Legend.Padding = vg.Points(5)
	p.Legend.ThumbnailWidth = vg.Points(18)
}

// bounds leaves room at the right for the legend.
func bounds(series []Series) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range series {
		for _, v := range s.Values {
			if !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return math.Pow(10, math.Floor(math.Log10(low))), 3 * math.Pow(10, math.Ceil(math.Log10(high)))
}

func decades(low, high float64) (ticks []plot.Tick) {
	for v := math.Pow(10, math.Floor(math.Log10(low))); v <= high; v *= 10 {
		ticks = append(ticks, plot.Tick{Value: v, Label: milliseconds(v)})
	}
	return ticks
}

func milliseconds(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.3g s", v/1000)
	case v >= 100:
		return fmt.Sprintf("%.0f ms", v)
	default:
		return fmt.Sprintf("%.2g ms", v)
	}
}
