package main

import (
	"flag"
	"os"
	"time"

	"torpor/demo/show"
)

func main() {
	quick := flag.Bool("quick", false, "only the paper's workloads, and few of each")
	flag.Parse()
	if *quick {
		os.Exit(show.Run("bench-quick", 5*time.Minute, bench("out/bench-quick", benchPaper(true))))
	}
	os.Exit(show.Run("bench", time.Hour, bench("out/bench", benchPaper(false), benchExamples, benchDeclared, benchAsleep)))
}
