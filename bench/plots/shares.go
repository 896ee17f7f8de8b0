package plots

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panel is one of the drawings beside each other.
type Panel struct {
	Title  string
	Series []Series
}

// Shares draws bars of per cent, one for each label and series, in panels side by side.
func Shares(path, title string, labels []string, panels ...Panel) error {
	width, height := 13*vg.Inch, vg.Length(len(labels))*0.62*vg.Inch+1.6*vg.Inch
	head := plot.New().Title.TextStyle
	head.Font.Size = vg.Points(16)
	head.XAlign, head.YAlign = draw.XCenter, draw.YTop
	tiles := draw.Tiles{Rows: 1, Cols: len(panels), PadX: vg.Points(12), PadTop: vg.Points(38), PadBottom: vg.Points(8),
		PadLeft: vg.Points(8), PadRight: vg.Points(24)}
	var plots []*plot.Plot
	for n, panel := range panels {
		p, err := panel.plot(labels, n == len(panels)-1)
		if err != nil {
			return err
		}
		plots = append(plots, p)
	}
	return render(path, width, height, func(c draw.Canvas) {
		c.FillText(head, vg.Point{X: width / 2, Y: height - vg.Points(10)}, title)
		for n, tile := range plot.Align([][]*plot.Plot{plots}, tiles, c)[0] {
			plots[n].Draw(tile)
		}
	})
}

func (panel Panel) plot(labels []string, last bool) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = panel.Title
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.BackgroundColor = color.White
	names(p, labels)
	p.X.Min, p.X.Max = 0, 100
	p.X.Tick.Marker = plot.TickerFunc(func(float64, float64) (ticks []plot.Tick) {
		for v := 0; v <= 100; v += 25 {
			ticks = append(ticks, plot.Tick{Value: float64(v), Label: fmt.Sprintf("%d %%", v)})
		}
		return ticks
	})
	grid := plotter.NewGrid()
	grid.Horizontal.Width, grid.Vertical.Color = 0, color.Gray{Y: 0xe6}
	p.Add(grid)
	thick := vg.Points(11)
	for n, s := range panel.Series {
		offset := thick * vg.Length(float64(len(panel.Series)-1)/2-float64(n))
		if err := bars(p, s, offset, thick); err != nil {
			return nil, err
		}
	}
	if last {
		legend(p)
		p.Legend.Top = false
	} else {
		p.Legend = plot.NewLegend()
	}
	return p, nil
}

// share has two digits that count, or all there are.
func share(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func bars(p *plot.Plot, s Series, offset, thick vg.Length) error {
	var values plotter.Values
	var text plotter.XYLabels
	for i := range s.Values {
		v := s.Values[len(s.Values)-1-i] // the last label is lowest
		values = append(values, v)
		text.XYs = append(text.XYs, plotter.XY{X: v, Y: float64(i)})
		text.Labels = append(text.Labels, share(v))
	}
	chart, err := plotter.NewBarChart(values, thick)
	if err != nil {
		return fmt.Errorf("plots: %s: %w", s.Name, err)
	}
	chart.Horizontal, chart.Offset, chart.Color, chart.LineStyle.Width = true, offset, s.Look.colour(), 0
	p.Add(chart)
	p.Legend.Add(s.Name, chart)
	labels, err := plotter.NewLabels(text)
	if err != nil {
		return fmt.Errorf("plots: %s: %w", s.Name, err)
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font.Size = vg.Points(8.5)
		labels.TextStyle[i].YAlign = draw.YCenter
		if s.Look == Ours {
			labels.TextStyle[i].Color = s.Look.colour()
		}
	}
	labels.Offset = vg.Point{X: vg.Points(3), Y: offset}
	p.Add(labels)
	return nil
}
