package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"torpor/bench/rival"
	"torpor/demo/show"
)

func main() {
	if err := rival.RunChildRole(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	quick := flag.Bool("quick", false, "only the paper's workloads, and few of each")
	only := flag.String("only", "", "some of the paper's workloads, by name and with commas between, and nothing else")
	flag.Parse()
	switch paper := benchPaper(*quick, *only); {
	case *quick:
		os.Exit(show.Run("bench-quick", 5*time.Minute, bench("out/bench-quick", paper)))
	case *only != "":
		os.Exit(show.Run("bench", time.Hour, bench("out/bench-only", paper)))
	default:
		os.Exit(show.Run("bench", 50*time.Minute, bench("out/bench", paper, benchExamples, benchDeclared, benchAsleep)))
	}
}
