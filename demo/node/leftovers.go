package node

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// leftovers finds what torpor could leave behind: control groups of a name, and swap files, mounts and
// processes of a folder. The machine is what is below root, which is "/" but in tests.
func leftovers(root, group, dir string) ([]string, error) {
	left, err := groupsNamed(root, group)
	for _, file := range []string{"proc/swaps", "proc/self/mounts"} {
		text, readErr := os.ReadFile(filepath.Join(root, file))
		if readErr != nil {
			err = errors.Join(err, fmt.Errorf("node: %w", readErr))
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, dir+"/") {
				left = append(left, "in /"+file+": "+strings.TrimSpace(line))
			}
		}
	}
	return append(left, processesOf(filepath.Join(root, "proc"), dir)...), err
}

// groupsNamed finds the control groups of a name in all hierarchies; without a name there are none.
func groupsNamed(root, name string) (found []string, err error) {
	if name == "" {
		return nil, nil
	}
	err = filepath.WalkDir(filepath.Join(root, "sys/fs/cgroup"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone since its name was read
		case err != nil:
			return fmt.Errorf("node: %w", err)
		case d.IsDir() && d.Name() == name:
			found = append(found, "cgroup "+path)
			return fs.SkipDir
		}
		return nil
	})
	return found, err
}

// groupOf is the name of the control group that a node's daemon made for all of its sandboxes, of which
// the process is one.
func groupOf(root string, pid int) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "proc", strconv.Itoa(pid), "cgroup"))
	if err != nil {
		return "", fmt.Errorf("node: %w", err)
	}
	group := ""
	for part := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == '/' || r == '\n' }) {
		// A slice of systemd's is below the one that it is named after.
		if strings.HasPrefix(part, "torpor") && (group == "" || group == "torpor.slice" && strings.HasSuffix(part, ".slice")) {
			group = part
		}
	}
	if group != "" {
		return group, nil
	}
	return "", fmt.Errorf("node: process %d is in no control group of torpor's", pid)
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
