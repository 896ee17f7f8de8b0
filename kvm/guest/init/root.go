package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// Folders of the initramfs in which the root is put together.
const (
	lowerDir = "/lower"
	upperDir = "/upper"
	newRoot  = "/root"
)

// mountRoot makes the function's root, a layer to write to above the image, init's own.
func (g *guest) mountRoot() error {
	if err := mountDisk(wire.RootDevice, lowerDir, unix.MS_RDONLY, ""); err != nil {
		return err
	}
	if err := g.mountScratch(); err != nil {
		return err
	}
	if err := mountOverlay(); err != nil {
		return err
	}
	if err := mountInside(newRoot); err != nil {
		return err
	}
	return switchRoot()
}

func (g *guest) mountScratch() error {
	if g.config.ScratchDisk {
		return mountDisk(wire.ScratchDevice, upperDir, unix.MS_NOATIME, "discard")
	}
	options := "mode=0700"
	if n := g.config.ScratchBytes; n > 0 {
		options += fmt.Sprintf(",size=%d", n)
	}
	return mount{kind: "tmpfs", target: upperDir, options: options}.do()
}

// deviceTimeout is how long a disk may take to be found: drivers probe in the background.
const deviceTimeout = 20 * time.Second

func mountDisk(device, target string, flags uintptr, options string) error {
	if err := await(device); err != nil {
		return err
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(device, target, "ext4", flags, options); err != nil {
		return fmt.Errorf("mounting %s: %w", device, err)
	}
	return nil
}

func await(path string) error {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		_, err := os.Stat(path)
		if err == nil {
			return nil
		}
		if time.Since(began) > deviceTimeout {
			return fmt.Errorf("there is no %s: the kernel found no such device", path)
		}
	}
}

// mountOverlay leaves the overlay as the only way to its layers. Nothing needs them after a
// crash, so that it need not write them in order (volatile).
func mountOverlay() error {
	data, work := filepath.Join(upperDir, "data"), filepath.Join(upperDir, "work")
	for _, dir := range []string{data, work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s,volatile,redirect_dir=on", lowerDir, data, work)
	if err := (mount{kind: "overlay", target: newRoot, options: options}).do(); err != nil {
		return err
	}
	for _, dir := range []string{lowerDir, upperDir} {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("hiding %s: %w", dir, err)
		}
	}
	return nil
}

// switchRoot frees the initramfs and makes newRoot the root. What others would call
// pivot_root cannot be done from an initramfs.
func switchRoot() error {
	empty("/", deviceOf("/"))
	if err := os.Chdir(newRoot); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("moving the root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	return os.Chdir("/")
}

// empty removes all in dir that is on one device, as far as it can.
func empty(dir string, device uint64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if deviceOf(path) != device {
			continue
		}
		if e.IsDir() {
			empty(path, device)
		}
		_ = os.Remove(path)
	}
}

func deviceOf(path string) uint64 {
	info, err := os.Lstat(path)
	if err != nil {
		return 0
	}
	return info.Sys().(*syscall.Stat_t).Dev
}
