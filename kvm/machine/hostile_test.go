package machine

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"torpor/kvm/machine/machinetest"
	"torpor/kvm/virtio"
)

// devices are how many newMachine has.
const devices = 5

// Where a hostile kernel has its queues: each a stretch of noise.
const (
	noiseAddr  = 0x20_0000
	noiseRoom  = 0x1_0000
	queuesOfIt = 3 // no device has more
)

// noises are what descriptors and rings are made of. The masks keep some of it so plausible that a
// device goes on for a while.
var noises = [][4]uint32{
	{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
	{0x01ffffff, 0, 0x0000ffff, 0x000f0007}, // addresses in memory, or nearly
	{0x003fff00, 0, 0x000000ff, 0x00070003},
	{0x001fffff, 0, 0, 0xffffffff},
	{0x0000ffff, 0x00070007, 0x0000000f, 0x00ff00ff},
}

// setUpWithNoise is what a driver does to have a device work, with noise for queues.
func setUpWithNoise(device int) (code [][]byte) {
	at := uint32(deviceAddr) + uint32(device)*virtio.RegistersSize
	set := func(register, value uint32) { code = append(code, machinetest.Store(at+register, value)) }
	set(0x70, 0)
	set(0x70, 1|2)
	set(0x24, 1)
	set(0x20, 1) // version 1
	set(0x70, 1|2|8)
	for q := range uint32(queuesOfIt) {
		set(0x30, q)
		set(0x38, 16)
		for i, register := range []uint32{0x80, 0x90, 0xa0} {
			set(register, noiseAddr+q*noiseRoom+uint32(i)*0x4000)
			set(register+4, 0)
		}
		set(0x44, 1)
	}
	set(0x70, 1|2|8|4)
	for range 4 {
		for q := range uint32(queuesOfIt) {
			set(virtio.QueueNotify, q)
		}
		for range 50 { // the device has a moment
			set(0x14, 0)
		}
	}
	return code
}

// noiseOf is what the queues are made of, each time the same for the same seed.
func noiseOf(seed uint64, masks [4]uint32) (noise []byte) {
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range queuesOfIt * noiseRoom / 4 {
		noise = binary.LittleEndian.AppendUint32(noise, random.Uint32()&masks[i%4])
	}
	return noise
}

// TestGarbageInEveryRing has a driver of noise for each device. The machine ends by itself or for a broken rule; the
// monitor goes on.
func TestGarbageInEveryRing(t *testing.T) {
	broken := 0
	for device := range devices {
		for i, masks := range noises {
			for seed := range uint64(2) {
				m, _ := newMachine(t, 1, append(setUpWithNoise(device), machinetest.PowerOff, machinetest.Spin)...)
				if err := m.Memory().Write(noiseAddr, noiseOf(seed, masks)); err != nil {
					t.Fatal(err)
				}
				switch o := m.Run(); {
				case o.End == Violated && errors.Is(o.Err, virtio.ErrViolation):
					broken++
				case o.End != PoweredOff:
					t.Errorf("device %d, noise %d: it %v", device, i, o)
				}
				m.Close()
			}
		}
	}
	t.Logf("%d machines ended for a broken rule", broken)
	if broken < devices*len(noises)/2 {
		t.Errorf("only %d machines ended for a broken rule: the others were told too little", broken)
	}
}
