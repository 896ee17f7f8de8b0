package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stock is what torpor could leave behind in the kernel: swap files, cgroups, mounts.
type stock []string

// takeStock looks below root, which is "/" but in tests.
func takeStock(root string) (stock, error) {
	var s stock
	for _, file := range []struct{ path, what string }{{"proc/swaps", "swap"}, {"proc/self/mounts", "mount"}} {
		text, err := os.ReadFile(filepath.Join(root, file.path))
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			s = append(s, file.what+" "+strings.Join(fields[:min(2, len(fields))], " "))
		}
	}
	cgroups, err := torporCgroups(filepath.Join(root, "sys/fs/cgroup"))
	return append(s, cgroups...), err
}

// torporCgroups finds the control groups that have our name, and what is in them.
func torporCgroups(dir string) (found []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil // gone since its name was read
		case err != nil:
			return fmt.Errorf("demo: %w", err)
		case d.IsDir() && strings.Contains(path, "/torpor"):
			found = append(found, "cgroup "+path)
		}
		return nil
	})
	return found, err
}

// since is what is there now and was not before.
func (s stock) since(before stock) []string {
	return slices.DeleteFunc(slices.Clone(s), func(item string) bool { return slices.Contains(before, item) })
}

// processesOf finds the processes that have something to do with a folder: their command line, working
// directory or root says so.
func processesOf(proc, dir string) (found []string) {
	processes, _ := filepath.Glob(filepath.Join(proc, "[0-9]*"))
	for _, p := range processes { // files that cannot be read are of processes that have ended
		cmdline, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(p, "cwd"))
		root, _ := os.Readlink(filepath.Join(p, "root"))
		if bytes.Contains(cmdline, []byte(dir)) || strings.HasPrefix(cwd, dir) || strings.HasPrefix(root, dir) {
			found = append(found, fmt.Sprintf("process %s (%s)", filepath.Base(p), bytes.ReplaceAll(bytes.Trim(cmdline, "\x00"), []byte{0}, []byte{' '})))
		}
	}
	return found
}
