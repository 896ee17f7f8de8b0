package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"torpor/demo/show"
)

func main() {
	s := settings{}
	flag.DurationVar(&s.traffic, "for", 5*time.Minute, "how long there is traffic")
	flag.IntVar(&s.functions, "functions", 200, "how many there are")
	flag.Float64Var(&s.rate, "rate", 20, "requests a second, on average")
	flag.Float64Var(&s.awake, "awake", 0.25, "the part of them that the memory budget holds awake")
	flag.Uint64Var(&s.seed, "seed", 0, "of all that is random; 0 for a new one")
	scale := flag.String("scale", "", "measure with so many functions asleep instead, such as 10,100,1000")
	flag.Parse()
	if s.seed == 0 {
		s.seed = rand.Uint64N(1e9) + 1
	}
	if *scale != "" {
		sizes, err := parseSizes(*scale)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(show.Run("soak-scale", scaleLimit, growing(sizes, s.seed)))
	}
	if err := s.check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(show.Run("soak", s.limit(), soaking(s)))
}

// settings say what a soak is like.
type settings struct {
	traffic   time.Duration
	functions int
	rate      float64
	awake     float64
	seed      uint64
}

func (s settings) check() error {
	switch {
	case s.functions < 1 || s.functions > maxFunctions:
		return fmt.Errorf("-functions has to be from 1 to %d", maxFunctions)
	case s.rate <= 0 || s.rate > 1000:
		return fmt.Errorf("-rate has to be above 0 and at most 1000 requests a second")
	case s.awake <= 0 || s.awake > 1:
		return fmt.Errorf("-awake has to be above 0 and at most 1")
	case s.traffic < time.Second:
		return fmt.Errorf("-for has to be a second at least")
	}
	return nil
}

// limit bounds all of it: starts and stops take a while each.
func (s settings) limit() time.Duration {
	return s.traffic + 10*time.Minute + time.Duration(s.functions)*2*time.Second
}

func parseSizes(text string) (sizes []int, err error) {
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > maxFunctions {
			return nil, fmt.Errorf("-scale: %q is no number from 1 to %d", word, maxFunctions)
		}
		if len(sizes) > 0 && n <= sizes[len(sizes)-1] {
			return nil, fmt.Errorf("-scale: the numbers have to grow")
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}
