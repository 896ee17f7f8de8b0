package plots

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestLatenciesDrawsEverySeries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "latency.png")
	err := Latencies(path, "title", []string{"first", "second"}, []Series{
		{Name: "cold", Look: Grey, Values: []float64{500, 1200}},
		{Name: "rival", Look: Orange, Values: []float64{Missing, 300}},
		{Name: "ours", Look: Ours, Values: []float64{9.5, 12}},
	})
	if err != nil {
		t.Fatal(err)
	}
	counts := colours(t, path)
	for _, look := range []Look{Grey, Orange, Ours} {
		if counts[look.colour()] == 0 {
			t.Errorf("nothing is drawn in %v", look.colour())
		}
	}
	if counts[Green.colour()] > 0 {
		t.Error("something is drawn in a colour that no series has")
	}
}

// TestSharesAreToScale compares the areas of two bars.
func TestSharesAreToScale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.png")
	series := []Series{{Name: "a", Look: Orange, Values: []float64{80}}, {Name: "b", Look: Purple, Values: []float64{20}}}
	if err := Shares(path, "title", []string{"only"}, Panel{Title: "asleep", Series: series}, Panel{Title: "none"}); err != nil {
		t.Fatal(err)
	}
	counts := colours(t, path)
	ratio := float64(counts[Orange.colour()]) / float64(counts[Purple.colour()])
	if ratio < 3.8 || ratio > 4.2 {
		t.Errorf("a bar of 80 %% is %.2f times one of 20 %%", ratio)
	}
}

// colours counts the pixels of a file by colour.
func colours(t *testing.T, path string) map[color.Color]int {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	drawn, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[color.Color]int)
	bounds := drawn.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[color.RGBAModel.Convert(drawn.At(x, y))]++
		}
	}
	if _, white := counts[color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}]; !white || drawn.Bounds().Empty() {
		t.Fatalf("no picture: %v", image.Rectangle(bounds))
	}
	return counts
}
