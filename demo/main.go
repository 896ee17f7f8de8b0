package main

import (
	"os"
	"time"

	"torpor/demo/show"
)

func main() { os.Exit(show.Run("demo", 5*time.Minute, demo)) }
