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
	kept := flag.Bool("kept", false, "only what sleeping sandboxes keep, by kind")
	only := flag.String("only", "", "some of the paper's workloads, by name and with commas between, and nothing else")
	machines := flag.Bool("machines", false, "only virtual machines, beside gVisor and QEMU's")
	turns := flag.Int("turns", 10, "how often each of them is measured")
	flag.Parse()
	switch paper := benchPaper(*quick, *only); {
	case *machines:
		os.Exit(show.Run("bench-vm", time.Hour, bench("out/bench-vm", benchMachines(*turns))))
	case *quick:
		os.Exit(show.Run("bench-quick", 5*time.Minute, bench("out/bench-quick", paper)))
	case *kept:
		os.Exit(show.Run("bench", 10*time.Minute, bench("out/bench-kept", benchKept)))
	case *only != "":
		os.Exit(show.Run("bench", time.Hour, bench("out/bench-only", paper)))
	default:
		os.Exit(show.Run("bench", 50*time.Minute, bench("out/bench", paper, benchExamples, benchDeclared, benchAsleep, benchKept)))
	}
}
