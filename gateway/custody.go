package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// custody is what the Vault has of a connection.
type custody struct {
	mu      sync.Mutex // under it, only the Backend's and the Vault's are taken
	capsule *capsule
	whole   bool // what is in the capsule is an established connection
	serving bool // it is established, and no longer to be entrusted as held
	closing bool // nothing more is to be entrusted

	entrusted atomic.Bool // there is a capsule
}

var (
	errNoVault = errors.New("there is no vault")
	errClosing = errors.New("connection is being closed")
)

// entrustHeld gives the vault a client that is not established.
func (c *conn) entrustHeld() error {
	return c.store(false, func(at *capsule) error {
		return c.client.withFD(func(client int) error {
			return c.fill(at, "", client)
		})
	})
}

// entrust gives the vault all that an established connection consists of. From
// then on, each of its bytes is at any time in a kernel object that is there too.
func (c *conn) entrust() error {
	return c.store(true, func(at *capsule) error {
		requests, err := c.requesting.claim()
		if err != nil {
			return err
		}
		replies, err := c.replying.claim()
		if err != nil {
			return err
		}
		c.backend.record(c, c.route.vault.ledger.at(at.slot))
		return c.client.withFD(func(client int) error {
			return c.upstream.withFD(func(upstream int) error {
				return c.fill(at, c.backend.name, client, upstream, requests.r, requests.w, replies.r, replies.w)
			})
		})
	})
}

// store has c put into its capsule, in place of what is there.
func (c *conn) store(whole bool, put func(at *capsule) error) (err error) {
	own := &c.custody
	own.mu.Lock()
	defer own.mu.Unlock()
	switch {
	case c.route.vault == nil:
		return errNoVault
	case own.closing, own.serving && !whole:
		return errClosing
	case own.capsule != nil && own.whole == whole:
		return nil
	}
	at := own.capsule
	if at == nil {
		if at, err = c.route.vault.take(); err != nil {
			return err
		}
	}
	if err := put(at); err != nil {
		if own.capsule == nil {
			c.giveBack(at)
			c.route.vault.refused.Add(1)
		}
		return err
	}
	if own.capsule != nil {
		at.drop()
	}
	own.capsule, own.whole = at, whole
	own.entrusted.Store(true)
	return nil
}

func (c *conn) fill(at *capsule, sandbox string, fds ...int) error {
	text, err := json.Marshal(note{noteVersion, c.route.name, sandbox, c.port, c.wakeOnClose, at.slot})
	if err != nil {
		return fmt.Errorf("write note: %w", err)
	}
	if err := at.put(text, fds); err != nil {
		return fmt.Errorf("put connection into vault: %w", err)
	}
	return nil
}

// keepEntrusted replaces what the vault has of a client that was held, before the
// first byte is forwarded.
func (c *conn) keepEntrusted() {
	c.custody.mu.Lock()
	c.custody.serving = true
	entrusted := c.custody.capsule != nil
	c.custody.mu.Unlock()
	if entrusted && c.entrust() != nil {
		c.surrender()
	}
}

// inheritCustody takes over what the vault has of an established connection, whose
// client waits again.
func (c *conn) inheritCustody(former *conn) {
	at := former.custody.remove()
	if at == nil {
		return
	}
	former.backend.record(former, nil)
	c.custody.capsule, c.custody.whole = at, true
	c.custody.entrusted.Store(true)
	if c.entrustHeld() != nil {
		c.surrender()
	}
}

// settle has nothing more entrusted, and reports whether something is.
func (c *conn) settle() (entrusted bool) {
	c.custody.mu.Lock()
	defer c.custody.mu.Unlock()
	c.custody.closing = true
	return c.custody.capsule != nil
}

// surrender takes c out of the vault for good: its descriptors are the only ones
// then, so that closing them closes.
func (c *conn) surrender() {
	c.settle()
	if at := c.custody.remove(); at != nil {
		c.giveBack(at)
	}
}

// remove leaves the caller with the capsule, if there is one.
func (own *custody) remove() *capsule {
	own.mu.Lock()
	defer own.mu.Unlock()
	at := own.capsule
	own.capsule = nil
	own.entrusted.Store(false)
	return at
}

func (c *conn) giveBack(at *capsule) {
	if c.backend != nil {
		c.backend.record(c, nil)
	}
	c.route.vault.give(at)
}
