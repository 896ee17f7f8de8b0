package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// Init is where the tests put it in the initramfs.
const initPath = "/real-init"

// rehearse runs init to its end, and powers off.
func rehearse() {
	defer unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	if err := prepare(); err != nil {
		fmt.Println("FAILED preparing:", err)
		return
	}
	config, err := readConfig()
	if err != nil {
		fmt.Println("FAILED reading the configuration:", err)
		return
	}
	h, err := newHost()
	if err != nil {
		fmt.Println("FAILED listening as the host:", err)
		return
	}
	cmd := exec.Command(initPath)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	if err := cmd.Start(); err != nil {
		fmt.Println("FAILED starting init:", err)
		return
	}
	check("scenario", h.play(config.Args[len(config.Args)-1]))
	_ = cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	// What a reboot is to the first program of a namespace.
	check("init reboots", want(fmt.Sprint(status.Signal()), unix.SIGHUP.String()))
	fmt.Println("rehearsal ended")
}

func prepare() error {
	for _, m := range [][2]string{{"devtmpfs", "/dev"}, {"proc", "/proc"}} {
		if err := unix.Mount(m[0], m[1], m[0], 0, ""); err != nil {
			return err
		}
	}
	console, err := os.OpenFile("/dev/ttyS0", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	os.Stdout, os.Stderr = console, console
	// Init finds them loaded.
	list, err := os.ReadFile(wire.ModulesPath)
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(list)) {
		name = strings.TrimPrefix(name, wire.OptionalModule)
		f, err := os.Open(filepath.Join(filepath.Dir(wire.ModulesPath), name))
		if err != nil {
			return err
		}
		if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil {
			fmt.Println("module", name, err)
		}
		_ = f.Close()
	}
	if err := makeShares(); err != nil {
		return err
	}
	// Init mounts them itself.
	return errors.Join(unix.Unmount("/dev", unix.MNT_DETACH), unix.Unmount("/proc", unix.MNT_DETACH))
}

func readConfig() (wire.Config, error) {
	data, err := os.ReadFile(wire.ConfigPath)
	if err != nil {
		return wire.Config{}, err
	}
	return wire.DecodeConfig(data)
}

// check prints what the tests look for.
func check(name string, err error) {
	if err != nil {
		fmt.Printf("FAILED %s: %v\n", name, err)
		return
	}
	fmt.Println("ok", name)
}

func want[T comparable](got, want T) error {
	if got != want {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}
