package hibernate

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"
)

// The children of the tests, played by the test binary itself. A holder fills
// private memory and a memfd, which a peer maps too; at each line it reads,
// both compare all of it and the holder answers.
const (
	roleEnv    = "TORPOR_TEST_ROLE"
	sizeEnv    = "TORPOR_TEST_BYTES" // private and shared together
	roleHolder = "holder"
	rolePeer   = "peer"
	allWell    = "all well\n"
)

func play(role string) error {
	size, err := strconv.Atoi(os.Getenv(sizeEnv))
	if err != nil {
		return err
	}
	if role == rolePeer {
		return playPeer(size / 2)
	}
	return playHolder(size / 2)
}

func playHolder(half int) error {
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil { // now it is in its group
		return err
	}
	private, err := unix.Mmap(-1, 0, half, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	fd, err := unix.MemfdCreate("shared", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	if err := unix.Ftruncate(fd, int64(half)); err != nil {
		return err
	}
	shared, err := mapShared(fd, half)
	if err != nil {
		return err
	}
	fill(private, 1)
	fill(shared, 2)
	ask, err := startPeer(fd)
	if err != nil {
		return err
	}
	for {
		err := errors.Join(compare(private, 1), compare(shared, 2), ask())
		if err != nil {
			return err
		}
		fmt.Print(allWell)
		if _, err := in.ReadString('\n'); err != nil {
			return nil // the test is over
		}
	}
}

// startPeer returns a function that has the peer compare the shared half.
func startPeer(fd int) (ask func() error, err error) {
	peer := exec.Command("/proc/self/exe")
	peer.Env = append(os.Environ(), roleEnv+"="+rolePeer)
	peer.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "shared")}
	in, err := peer.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := peer.StdoutPipe()
	if err != nil {
		return nil, err
	}
	answers := bufio.NewReader(out)
	return func() error {
		if _, err := io.WriteString(in, "check\n"); err != nil {
			return err
		}
		if answer, err := answers.ReadString('\n'); err != nil || answer != allWell {
			return fmt.Errorf("peer: %q, %w", answer, err)
		}
		return nil
	}, peer.Start()
}

func playPeer(half int) error {
	shared, err := mapShared(3, half)
	if err != nil {
		return err
	}
	in := bufio.NewReader(os.Stdin)
	for {
		if _, err := in.ReadString('\n'); err != nil {
			return nil
		}
		if err := compare(shared, 2); err != nil {
			return err
		}
		fmt.Print(allWell)
	}
}

func mapShared(fd, size int) ([]byte, error) {
	return unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

// word is what belongs at an offset: nowhere zero, as the kernel does not
// write zero pages to swap, and nowhere the same.
func word(at int, seed uint64) uint64 {
	return (uint64(at) + seed<<40) * 0x9e3779b97f4a7c15
}

func fill(memory []byte, seed uint64) {
	for at := 0; at < len(memory); at += 8 {
		binary.NativeEndian.PutUint64(memory[at:], word(at, seed))
	}
}

func compare(memory []byte, seed uint64) error {
	for at := 0; at < len(memory); at += 8 {
		if got := binary.NativeEndian.Uint64(memory[at:]); got != word(at, seed) {
			return fmt.Errorf("byte %d of part %d is wrong: %#x", at, seed, got)
		}
	}
	return nil
}
