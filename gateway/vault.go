package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Names of a Vault's descriptors in its Store. They are short, as a few thousand
// of them travel in one environment variable.
const (
	vaultName  = "vault"
	ledgerName = "ledger"
)

const (
	vaultMax  = 8192             // capsules; the names of more may not fit one environment variable
	vaultStep = 64               // those that are added at once
	vaultLow  = 16               // free ones that are too few
	storeWait = 10 * time.Second // for the Store, in the background
)

// Store keeps descriptors beyond the life of the process. systemd.Store is one.
type Store interface {
	// Put has duplicates of fds kept under a name that others may have too.
	Put(name string, fds ...int) error
	// Barrier waits until what was Put before is safe.
	Barrier(ctx context.Context) error
}

// Vault keeps clients' connections outside of the process, so that they outlive
// it: see "Outliving the process" in the package's documentation. One Vault
// serves all Routes. Its methods may be called from any goroutine.
type Vault struct {
	store  Store
	log    *slog.Logger
	max    int
	ledger *ledger

	refused  atomic.Int64
	failures throttle
	closing  context.Context
	close    context.CancelFunc
	growth   sync.WaitGroup

	mu      sync.Mutex
	all     []*capsule
	free    []*capsule
	growing bool
}

// VaultStats tells how much of a Vault is in use.
type VaultStats struct {
	Entrusted   int   // connections that would outlive the process now
	Connections int   // how many it takes at most
	Refused     int64 // times that one was not taken for want of room, or descriptors
}

// OpenVault makes a Vault in store for so many connections, 8192 at most. One
// descriptor each, and one more, is the room that store needs: systemd.Store wants
// a FileDescriptorStoreMax= of no less. They are put there in steps as they are
// needed. In this process an entrusted connection takes six, and one for its place.
//
// stored is what a former process had put there, by the name under which it did;
// the Vault takes what is its own. The connections in there are returned: each
// must be given to Route.Resume, or closed. What cannot be read is logged.
func OpenVault(ctx context.Context, store Store, stored map[string][]*os.File, connections int, log *slog.Logger) (*Vault, []*Kept, error) {
	v := &Vault{store: store, log: log, max: max(min(connections, vaultMax), len(stored[vaultName]))}
	v.closing, v.close = context.WithCancel(context.Background())
	if err := v.openLedger(stored[ledgerName]); err != nil {
		return nil, nil, fmt.Errorf("open vault: %w", err)
	}
	kept := v.recover(stored[vaultName])
	if n := min(vaultStep, v.max) - len(v.all); n > 0 {
		if err := v.add(ctx, n); err != nil {
			v.Close()
			return nil, nil, fmt.Errorf("open vault: %w", err)
		}
	}
	return v, kept, nil
}

func (v *Vault) openLedger(files []*os.File) (err error) {
	if len(files) > 0 {
		fd, err := duplicate(files[0])
		if err != nil {
			return fmt.Errorf("duplicate ledger: %w", err)
		}
		if v.ledger, err = openLedger(fd, v.max); err != nil {
			_ = unix.Close(fd)
		}
		return err
	}
	if v.ledger, err = newLedger(v.max); err != nil {
		return err
	}
	if err := v.store.Put(ledgerName, v.ledger.fd); err != nil {
		v.ledger.close()
		return err
	}
	return nil
}

// recover takes the capsules of a former process, and what is in them.
func (v *Vault) recover(files []*os.File) (kept []*Kept) {
	taken := make([]bool, v.ledger.slots())
	for _, f := range files {
		fd, err := duplicate(f)
		if err != nil {
			v.log.Error("cannot read a kept connection, it is closed", "error", err)
			continue
		}
		c := &capsule{fd: fd}
		k, err := v.open(c)
		if err != nil {
			v.log.Error("cannot read a kept connection, it is closed", "error", err)
		}
		v.all = append(v.all, c)
		if k == nil {
			c.empty()
			v.free = append(v.free, c)
			continue
		}
		taken[c.slot] = true
		kept = append(kept, k)
	}
	for _, c := range v.free {
		c.slot = slices.Index(taken, false)
		taken[c.slot] = true
	}
	return kept
}

// duplicate closes f.
func duplicate(f *os.File) (fd int, err error) {
	defer f.Close()
	return unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
}

// take returns an empty capsule. There may be none yet, or none any more.
func (v *Vault) take() (*capsule, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.free) <= vaultLow && len(v.all) < v.max && !v.growing && v.closing.Err() == nil {
		v.growing = true
		v.growth.Go(v.grow)
	}
	if len(v.free) == 0 {
		if v.growing {
			return nil, errVaultGrows
		}
		v.refused.Add(1)
		return nil, errVaultFull
	}
	last := len(v.free) - 1
	c := v.free[last]
	v.free = v.free[:last]
	v.ledger.at(c.slot).Store(0)
	return c, nil
}

var (
	errVaultGrows = errors.New("vault is being enlarged")
	errVaultFull  = errors.New("vault is full")
)

// give takes back a capsule, and closes what is in it.
func (v *Vault) give(c *capsule) {
	c.empty()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.free = append(v.free, c)
}

// grow adds room without making anybody wait.
func (v *Vault) grow() {
	ctx, cancel := context.WithTimeout(v.closing, storeWait)
	defer cancel()
	v.mu.Lock()
	n := min(vaultStep, v.max-len(v.all))
	v.mu.Unlock()
	err := v.add(ctx, n)
	if err != nil && v.closing.Err() == nil {
		v.failures.warn(v.log, "cannot enlarge the vault of connections", "error", err)
	}
	v.mu.Lock()
	v.growing = false
	v.mu.Unlock()
}

// add makes room for n more. Only one caller at a time may.
func (v *Vault) add(ctx context.Context, n int) error {
	fds := make([]int, 0, n)
	for range n {
		fd, err := newCapsule()
		if err != nil {
			closeAll(fds)
			return err
		}
		fds = append(fds, fd)
	}
	err := v.store.Put(vaultName, fds...)
	if err == nil {
		err = v.store.Barrier(ctx)
	}
	if err != nil {
		closeAll(fds)
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	taken := make([]bool, v.ledger.slots())
	for _, c := range v.all {
		taken[c.slot] = true
	}
	for _, fd := range fds {
		c := &capsule{fd: fd, slot: slices.Index(taken, false)}
		taken[c.slot] = true
		v.all = append(v.all, c)
		v.free = append(v.free, c)
	}
	return nil
}

// reserve makes room for n more connections, if it can.
func (v *Vault) reserve(ctx context.Context, n int) {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		v.mu.Lock()
		missing := min(n-len(v.free), v.max-len(v.all))
		mine := missing > 0 && !v.growing
		v.growing = v.growing || mine
		v.mu.Unlock()
		if missing <= 0 || ctx.Err() != nil {
			return
		}
		if !mine {
			<-again.C
			continue
		}
		err := v.add(ctx, missing)
		v.mu.Lock()
		v.growing = false
		v.mu.Unlock()
		if err != nil {
			v.failures.warn(v.log, "cannot enlarge the vault of connections", "error", err)
			return
		}
	}
}

// Stats returns the present counts.
func (v *Vault) Stats() VaultStats {
	v.mu.Lock()
	defer v.mu.Unlock()
	return VaultStats{Entrusted: len(v.all) - len(v.free), Connections: v.max, Refused: v.refused.Load()}
}

// Close leaves everything in the Store as it is, for the next process. All Routes
// must have been closed or handed over.
func (v *Vault) Close() {
	v.close()
	v.growth.Wait()
	for _, c := range v.all {
		_ = unix.Close(c.fd)
	}
	v.ledger.close()
}
