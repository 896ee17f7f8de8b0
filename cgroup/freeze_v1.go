package cgroup

import (
	"context"
	"time"
)

type freezerV1 struct{ folder }

const stateV1 = "freezer.state"

func (z freezerV1) set(frozen bool) error {
	if frozen {
		return z.write(stateV1, "FROZEN")
	}
	return z.write(stateV1, "THAWED")
}

func (z freezerV1) frozen() (bool, error) {
	state, err := z.read(stateV1)
	return state == "FROZEN", err
}

// wait looks again and again: the v1 freezer tells nobody when it is done, and
// only brings its state up to date when that is read.
func (z freezerV1) wait(ctx context.Context) error {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		if frozen, err := z.frozen(); frozen || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
