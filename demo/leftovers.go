package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// leftovers finds what torpor could leave behind: control groups that were not there before, and swap
// files, mounts and processes of a folder. The machine is what is below root, which is "/" but in tests.
func leftovers(root, dir string, before []string) ([]string, error) {
	groups, err := torporGroups(root)
	left := slices.DeleteFunc(groups, func(g string) bool { return slices.Contains(before, g) })
	for _, file := range []string{"proc/swaps", "proc/self/mounts"} {
		text, readErr := os.ReadFile(filepath.Join(root, file))
		if readErr != nil {
			err = errors.Join(err, fmt.Errorf("demo: %w", readErr))
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, dir+"/") {
				left = append(left, "in /"+file+": "+strings.TrimSpace(line))
			}
		}
	}
	return append(left, processesOf(filepath.Join(root, "proc"), dir)...), err
}

// torporGroups finds the topmost control groups that have our name.
func torporGroups(root string) (found []string, err error) {
	err = filepath.WalkDir(filepath.Join(root, "sys/fs/cgroup"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone since its name was read
		case err != nil:
			return fmt.Errorf("demo: %w", err)
		case d.IsDir() && strings.HasPrefix(d.Name(), "torpor"):
			found = append(found, "cgroup "+path)
			return fs.SkipDir
		}
		return nil
	})
	return found, err
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
			words := strings.ReplaceAll(strings.Trim(string(cmdline), "\x00"), "\x00", " ")
			found = append(found, fmt.Sprintf("process %s (%s)", filepath.Base(p), words))
		}
	}
	return found
}
