package initramfs

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Kernel is where the modules of one kernel are.
type Kernel struct {
	// Release is the kernel's, as uname -r says.
	Release string
	// Modules is its folder; empty is /lib/modules/RELEASE.
	Modules string
}

func (k Kernel) folder() string {
	if k.Modules != "" {
		return k.Modules
	}
	return filepath.Join("/lib/modules", k.Release)
}

// A tree is what depmod wrote about the modules of a kernel. Names of modules have
// underscores here, never hyphens.
type tree struct {
	kernel  Kernel
	files   map[string]string   // by name, relative to the folder
	needs   map[string][]string // names, by name
	builtin map[string]bool
	soft    map[string][]string // names or aliases that are better loaded before
	aliases map[string][]string // names, by alias without a pattern
}

func (k Kernel) read() (*tree, error) {
	t := &tree{
		kernel: k, files: map[string]string{}, needs: map[string][]string{},
		builtin: map[string]bool{}, soft: map[string][]string{}, aliases: map[string][]string{},
	}
	for _, f := range []struct {
		name     string
		line     func(words []string)
		optional bool
	}{
		{"modules.dep", t.dep, false},
		{"modules.builtin", t.built, false},
		{"modules.softdep", t.softdep, true},
		{"modules.alias", t.alias, true},
	} {
		err := eachLine(filepath.Join(k.folder(), f.name), f.line)
		if err == nil || f.optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return nil, k.unreadable(err)
	}
	return t, nil
}

func (k Kernel) unreadable(err error) error {
	if _, e := os.Stat(k.folder()); errors.Is(e, fs.ErrNotExist) {
		return fmt.Errorf("initramfs: kernel %s has no modules: %s does not exist; %s", k.Release, k.folder(), k.install())
	}
	return fmt.Errorf("initramfs: modules of kernel %s: %w; run `depmod %s`, or %s", k.Release, err, k.Release, k.install())
}

func (k Kernel) install() string {
	return fmt.Sprintf("install the Debian package linux-image-%s (apt-get install --reinstall), or choose another kernel", k.Release)
}

func eachLine(path string, line func(words []string)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if words := strings.Fields(s.Text()); len(words) > 0 && words[0] != "#" {
			line(words)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

// dep reads "kernel/a.ko.xz: kernel/b.ko.xz kernel/c.ko.xz".
func (t *tree) dep(words []string) {
	file, ok := strings.CutSuffix(words[0], ":")
	if !ok {
		return
	}
	name := moduleName(file)
	t.files[name] = file
	for _, need := range words[1:] {
		t.needs[name] = append(t.needs[name], moduleName(need))
	}
}

func (t *tree) built(words []string) { t.builtin[moduleName(words[0])] = true }

// softdep reads "softdep a pre: b c post: d".
func (t *tree) softdep(words []string) {
	if len(words) < 3 || words[0] != "softdep" {
		return
	}
	name, before := underscores(words[1]), false
	for _, w := range words[2:] {
		switch {
		case strings.HasSuffix(w, ":"):
			before = w == "pre:"
		case before:
			t.soft[name] = append(t.soft[name], w)
		}
	}
}

// alias reads "alias crypto-crc32c crc32c_generic".
func (t *tree) alias(words []string) {
	if len(words) == 3 && words[0] == "alias" && !strings.ContainsAny(words[1], "*?[") {
		t.aliases[words[1]] = append(t.aliases[words[1]], underscores(words[2]))
	}
}

// moduleName is what a module's file is called in /proc/modules.
func moduleName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".ko")
	return underscores(name)
}

func underscores(s string) string { return strings.ReplaceAll(s, "-", "_") }
