package process

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Use is what else a process takes.
type Use struct {
	Threads int
	Files   map[string]int // open descriptors by kind: "socket", "pipe", "net", "anon_inode:[pidfd]"; else "file"
	Written int64          // bytes that it has caused to be written to disks since it started
}

// Descriptors is how many are open.
func (u Use) Descriptors() (all int) {
	for _, n := range u.Files {
		all += n
	}
	return all
}

// UseOf reads fd, io and status (proc(5)).
func UseOf(pid int) (Use, error) {
	dir := fmt.Sprintf("/proc/%d", pid)
	u := Use{Files: make(map[string]int)}
	open, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return u, fmt.Errorf("process: %w", err)
	}
	for _, fd := range open {
		if target, err := os.Readlink(filepath.Join(dir, "fd", fd.Name())); err == nil { // else closed since
			u.Files[kind(target)]++
		}
	}
	for name, want := range map[string]func(line string){
		"io":     func(line string) { _, _ = fmt.Sscanf(line, "write_bytes: %d", &u.Written) },
		"status": func(line string) { _, _ = fmt.Sscanf(line, "Threads: %d", &u.Threads) },
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return u, fmt.Errorf("process: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			want(line)
		}
	}
	return u, nil
}

var numbered = regexp.MustCompile(`^([a-z]+):\[\d+\]$`)

// kind is what a descriptor's link says, without what tells one of a kind from the other.
func kind(link string) string {
	if m := numbered.FindStringSubmatch(link); m != nil {
		return m[1]
	}
	if strings.HasPrefix(link, "anon_inode:") {
		return link
	}
	return "file"
}
