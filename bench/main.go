package main

import (
	"os"
	"time"

	"torpor/demo/show"
)

func main() { os.Exit(show.Run("bench", 15*time.Minute, bench)) }
