package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// unreachable says in words what a failed request means.
func (c *Client) unreachable(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("api: waiting for the daemon: %w", ctx.Err())
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ECONNREFUSED):
		text := fmt.Sprintf("no daemon at %s: start it with `torpor run` or `systemctl start torpor`, or name its --runtime folder", c.runtimeDir)
		return &sentence{text: text, kind: ErrNoDaemon}
	case errors.Is(err, fs.ErrPermission):
		text := fmt.Sprintf("only root may speak to the daemon at %s: try again with sudo", c.runtimeDir)
		return &sentence{text: text, kind: fs.ErrPermission}
	}
	return fmt.Errorf("api: the daemon at %s did not answer: %w", c.runtimeDir, err)
}
