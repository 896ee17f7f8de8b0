package appliance

import (
	"context"
	"fmt"
	"time"

	"torpor/event"
	"torpor/pressure"
)

const (
	// usualPressure is node.pressure where that is not declared, in per cent.
	usualPressure = 10
	// pressureWindow is the time that it is a share of.
	pressureWindow = 2 * time.Second
	// pressureLasts is how long one event keeps idle functions giving way.
	pressureLasts = 5 * time.Second
)

// pressureState is what the loop knows of the machine's need for memory.
type pressureState struct {
	watched float64 // node.pressure in force; 0: nobody watches
	stop    context.CancelFunc
	until   time.Time // until when others are taken to lack memory
}

// watchPressure has the loop notice when the machine lacks memory, as declared.
func (d *daemon) watchPressure() {
	wanted := d.config.Node.Pressure
	if wanted == d.pressure.watched {
		return
	}
	if d.pressure.stop != nil {
		d.pressure.stop()
	}
	d.pressure = pressureState{watched: wanted}
	if wanted == 0 {
		return
	}
	var ctx context.Context
	ctx, d.pressure.stop = context.WithCancel(context.Background())
	stall := time.Duration(wanted / 100 * float64(pressureWindow))
	d.ops.Go(func() {
		err := pressure.Watch(ctx, pressure.Memory, stall, pressureWindow, func() {
			d.post(func() { d.pressed(time.Now(), stall) })
		})
		if err != nil {
			d.Log.Info("only the budget sends functions to sleep, not a shortage of memory elsewhere", "cause", err)
		}
	})
}

// pressed takes note of a shortage, unless it can be of our own making: starts,
// sleeps and wakes wait for memory too.
func (d *daemon) pressed(now time.Time, stall time.Duration) {
	for _, f := range d.functions {
		if f.op != nil || f.successor != nil || now.Sub(f.since) < pressureWindow {
			return
		}
	}
	if now.After(d.pressure.until) {
		d.Log.Info("processes of this machine wait for memory: idle functions give way", event.Pressure,
			"waited", fmt.Sprintf("%s of %s", stall, pressureWindow))
	}
	d.pressure.until = now.Add(pressureLasts)
}

// othersLack says that others lack memory, "" if they do not.
func (p *pressureState) othersLack(now time.Time) string {
	if now.After(p.until) {
		return ""
	}
	return "others on this machine wait for memory"
}

// end stops watching.
func (p *pressureState) end() {
	if p.stop != nil {
		p.stop()
	}
}
