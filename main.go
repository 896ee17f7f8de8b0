package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"torpor/appliance"
	"torpor/gvisor"
)

func main() {
	if code, ok := gvisor.RunChildRole(); ok {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	o := appliance.Options{Config: os.Args[2], State: os.Args[3], Runtime: os.Args[4], Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	var err error
	if os.Args[1] == "run" {
		err = appliance.Run(ctx, o)
	} else {
		err = appliance.Teardown(ctx, o)
	}
	fmt.Println(err)
}
