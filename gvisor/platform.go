package gvisor

import (
	"runtime"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/context"
	"gvisor.dev/gvisor/pkg/hostarch"
	"gvisor.dev/gvisor/pkg/sentry/arch"
	"gvisor.dev/gvisor/pkg/sentry/platform"
)

// platformName is what gVisor knows its platform by, and ours in its place.
const platformName = "systrap"

// usePlatform has the Sentry, which this process is to become, run on gVisor's
// platform with address spaces that can be shrunk. Everything else of it is as
// gVisor has it.
func usePlatform() (*shrinkable, error) {
	stock, err := platform.Lookup(platformName)
	if err != nil {
		return nil, err
	}
	s := &shrinkable{}
	platform.Register(platformName, constructor{stock, s})
	return s, nil
}

type constructor struct {
	platform.Constructor
	made *shrinkable
}

func (c constructor) New(opts platform.Options) (p platform.Platform, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.made.parent = unix.Gettid()
	c.made.Platform, err = c.Constructor.New(opts)
	return c.made, err
}

// shrinkable is a platform whose address spaces are known. There is one in a Sentry.
type shrinkable struct {
	platform.Platform
	spaces addressSpaces
	// parent is the thread that forked the first stub, and by that is the parent of
	// all. The kernel kills them when it ends (PR_SET_PDEATHSIG).
	parent int
}

func (s *shrinkable) NewAddressSpace() (platform.AddressSpace, error) {
	as, err := s.Platform.NewAddressSpace()
	if err != nil {
		return nil, err
	}
	return s.spaces.add(as), nil
}

func (s *shrinkable) NewContext(ctx context.Context) platform.Context {
	return &taskContext{Context: s.Platform.NewContext(ctx)}
}

// taskContext shows gVisor's platform its own address spaces.
type taskContext struct {
	platform.Context
	mm memoryManager // here as a switch is not to allocate
}

func (c *taskContext) Switch(ctx context.Context, mm platform.MemoryManager, ac *arch.Context64, cpu int32) (*linux.SignalInfo, hostarch.AccessType, error) {
	c.mm.MemoryManager = mm
	return c.Context.Switch(ctx, &c.mm, ac, cpu)
}

func (c *taskContext) PullFullState(as platform.AddressSpace, ac *arch.Context64) error {
	return c.Context.PullFullState(stockSpace(as), ac)
}

type memoryManager struct{ platform.MemoryManager }

func (m *memoryManager) AddressSpace() platform.AddressSpace {
	return stockSpace(m.MemoryManager.AddressSpace())
}

func stockSpace(as platform.AddressSpace) platform.AddressSpace {
	if ours, ok := as.(*addressSpace); ok {
		return ours.AddressSpace
	}
	return as
}
