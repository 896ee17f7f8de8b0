package appliance

import (
	"context"
	"fmt"
	"time"

	"torpor/pressure"
)

const (
	// pressureStall of pressureWindow is how long processes have to wait for
	// memory before idle functions give way.
	pressureStall  = 200 * time.Millisecond
	pressureWindow = 2 * time.Second
	// pressureLasts is how long one event keeps idle functions giving way.
	pressureLasts = 5 * time.Second
)

// watchPressure has the loop notice when the machine lacks memory, until ctx ends.
func (d *daemon) watchPressure(ctx context.Context) {
	err := pressure.Watch(ctx, pressure.Memory, pressureStall, pressureWindow, func() {
		d.post(func() { d.pressed(time.Now()) })
	})
	if err != nil {
		d.Log.Info("only the budget sends functions to sleep, not a shortage of memory elsewhere", "cause", err)
	}
}

// pressed takes note of a shortage, unless it can be of our own making: starts,
// sleeps and wakes wait for memory too.
func (d *daemon) pressed(now time.Time) {
	for _, f := range d.functions {
		if f.op != nil || f.successor != nil || now.Sub(f.since) < pressureWindow {
			return
		}
	}
	if now.After(d.pressedUntil) {
		d.Log.Info("processes of this machine wait for memory: idle functions give way",
			"waited", fmt.Sprintf("%s of %s", pressureStall, pressureWindow))
	}
	d.pressedUntil = now.Add(pressureLasts)
}

// pressure says that others lack memory, "" if they do not.
func (d *daemon) pressure(now time.Time) string {
	if now.After(d.pressedUntil) {
		return ""
	}
	return "others on this machine wait for memory"
}
