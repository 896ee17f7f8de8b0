package install

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"torpor/spec"
)

// tree is what there is below a folder: file contents and link targets by path,
// folders by path with a slash.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name := strings.TrimPrefix(path, root)
		switch {
		case d.IsDir():
			found[name+"/"] = ""
		case d.Type()&fs.ModeSymlink != 0:
			found[name], err = os.Readlink(path)
		default:
			var text []byte
			text, err = os.ReadFile(path)
			found[name] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// files are an installation of a program that says version.
func files(t *testing.T, l Layout, version string) []File {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "torpor")
	write(t, binary, version)
	all, err := l.Files(Parts{
		Binary: binary, SystemdVersion: 252,
		Completions: map[string][]byte{"bash": []byte("b"), "zsh": []byte("z"), "fish": []byte("f")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// install installs a version and returns what became of each file.
func install(t *testing.T, l Layout, version string) map[string]State {
	t.Helper()
	p, err := l.Plan(files(t, l, version), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	states := map[string]State{}
	for _, s := range p.Steps {
		states[s.Path] = s.State
	}
	return states
}

func uninstall(t *testing.T, l Layout) map[string]State {
	t.Helper()
	r, err := l.PlanRemoval()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Apply(); err != nil {
		t.Fatal(err)
	}
	states := map[string]State{}
	for _, s := range r.Steps {
		states[s.Path] = s.State
	}
	return states
}

func layouts(t *testing.T) map[string]Layout {
	return map[string]Layout{
		"local":  {Root: t.TempDir(), Prefix: "/usr/local"},
		"system": {Root: t.TempDir(), Prefix: "/usr"},
	}
}

func TestInstallsWhereThingsAreLookedFor(t *testing.T) {
	l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
	install(t, l, "one")
	want := `/etc/torpor/functions.hcl.example
/usr/local/bin/torpor
/usr/local/lib/systemd/catalog/torpor.catalog
/usr/local/lib/systemd/system/torpor.service
/usr/local/lib/systemd/system/torpor.slice
/usr/local/share/bash-completion/completions/torpor
/usr/local/share/fish/vendor_completions.d/torpor.fish
/usr/local/share/man/man1/torpor.1
/usr/local/share/man/man5/torpor.hcl.5
/usr/local/share/torpor/manifest.json
/usr/local/share/zsh/site-functions/_torpor`
	var got []string
	for path := range tree(t, l.Root) {
		if !strings.HasSuffix(path, "/") {
			got = append(got, path)
		}
	}
	slices.Sort(got)
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	for path, mode := range map[string]fs.FileMode{"/usr/local/bin/torpor": 0o755, "/usr/local/lib/systemd/system/torpor.service": 0o644, "/usr/local/share/torpor/manifest.json": 0o644} {
		if info, err := os.Stat(l.On(path)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if text := tree(t, l.Root)["/usr/local/lib/systemd/system/torpor.service"]; !strings.Contains(text, "ExecStart=/usr/local/bin/torpor run\n") {
		t.Errorf("the unit runs another program:\n%s", text)
	}
}

func TestInstallingTwiceChangesNothing(t *testing.T) {
	for name, l := range layouts(t) {
		t.Run(name, func(t *testing.T) {
			install(t, l, "one")
			before := tree(t, l.Root)
			info, err := os.Stat(l.On(l.Binary()))
			if err != nil {
				t.Fatal(err)
			}
			for path, state := range install(t, l, "one") {
				if state != Same {
					t.Errorf("%s is %s", path, state)
				}
			}
			if !maps.Equal(tree(t, l.Root), before) {
				t.Error("files have changed")
			}
			if again, err := os.Stat(l.On(l.Binary())); err != nil || !os.SameFile(info, again) {
				t.Errorf("the program was written again: %v", err)
			}
		})
	}
}

func TestUninstallLeavesJustWhatWasThere(t *testing.T) {
	for name, l := range layouts(t) {
		t.Run(name, func(t *testing.T) {
			write(t, l.On("/usr/local/bin/other"), "x")
			write(t, l.On("/usr/local/lib/systemd/system/other.service"), "x")
			write(t, l.On("/etc/passwd"), "x")
			before := tree(t, l.Root)
			install(t, l, "one")
			install(t, l, "two")
			for path, state := range uninstall(t, l) {
				if state != Removed {
					t.Errorf("%s is %s", path, state)
				}
			}
			if after := tree(t, l.Root); !maps.Equal(after, before) {
				t.Errorf("got %v, want %v", after, before)
			}
		})
	}
}

// TestUserFilesStay has a user who configures torpor, edits the example and keeps
// files of their own beside torpor's.
func TestUserFilesStay(t *testing.T) {
	l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
	install(t, l, "one")
	own := map[string]string{
		l.On(ExamplePath):                         "# my notes",
		l.On(ConfigDir + "/functions.hcl"):        "# mine",
		l.On("/usr/local/share/torpor/backup"):    "x",
		l.On("/var/lib/torpor/images/some"):       "x",
		l.On("/usr/local/share/man/man1/other.1"): "x",
	}
	for path, text := range own {
		write(t, path, text)
	}
	if states := install(t, l, "two"); states[ExamplePath] != Kept || states[l.Binary()] != Changed {
		t.Errorf("got %v", states)
	}
	uninstall(t, l)
	left := tree(t, l.Root)
	for path, text := range own {
		if left[strings.TrimPrefix(path, l.Root)] != text {
			t.Errorf("%s is gone or changed", path)
		}
		delete(left, strings.TrimPrefix(path, l.Root))
	}
	for path := range left {
		if !strings.HasSuffix(path, "/") {
			t.Errorf("%s is left", path)
		}
	}
}

func TestExampleOnlyWithoutAConfiguration(t *testing.T) {
	for _, path := range []string{"/etc/torpor/node.hcl", "/etc/torpor/web/functions.hcl"} {
		l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
		write(t, l.On(path), "# mine")
		if states := install(t, l, "one"); states[ExamplePath] != "" {
			t.Errorf("with %s, the example is %s", path, states[ExamplePath])
		}
		uninstall(t, l)
		if tree(t, l.Root)[path] != "# mine" {
			t.Errorf("%s is gone", path)
		}
	}
}

// TestForeignFilesAreInTheWay has files at torpor's paths that torpor did not put
// there, or that were changed since.
func TestForeignFilesAreInTheWay(t *testing.T) {
	unit := "/usr/local/lib/systemd/system/torpor.service"
	for name, disturb := range map[string]func(t *testing.T, l Layout){
		"another's": func(t *testing.T, l Layout) { write(t, l.On(unit), "mine") },
		"edited":    func(t *testing.T, l Layout) { install(t, l, "one"); write(t, l.On(unit), "mine") },
		"a link":    func(t *testing.T, l Layout) { linkTo(t, "/dev/null", l.On(unit)) },
		"a link to a good one": func(t *testing.T, l Layout) {
			install(t, l, "one")
			if err := os.Rename(l.On(unit), l.On("/elsewhere")); err != nil {
				t.Fatal(err)
			}
			linkTo(t, l.On("/elsewhere"), l.On(unit))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
			disturb(t, l)
			before := tree(t, l.Root)
			_, err := l.Plan(files(t, l, "two"), false)
			var foreign *ForeignError
			if !errors.As(err, &foreign) || !slices.Equal(foreign.Paths, []string{l.On(unit)}) {
				t.Fatalf("got %v, want %s in the way", err, unit)
			}
			if !maps.Equal(tree(t, l.Root), before) {
				t.Error("files have changed")
			}
			p, err := l.Plan(files(t, l, "two"), true)
			if err == nil {
				err = p.Apply()
			}
			if text := tree(t, l.Root)[unit]; err != nil || !strings.Contains(text, "ExecStart") {
				t.Errorf("with force it is %q, %v", text, err)
			}
		})
	}
}

func linkTo(t *testing.T, target, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// TestHandCopiedFilesAreTakenOver has just what would be installed in place.
func TestHandCopiedFilesAreTakenOver(t *testing.T) {
	l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
	write(t, l.On(l.Binary()), "one")
	if states := install(t, l, "one"); states[l.Binary()] != Same {
		t.Errorf("got %v", states)
	}
	uninstall(t, l)
	if _, left := tree(t, l.Root)[l.Binary()]; left {
		t.Error("it was not taken over")
	}
}

func TestWhatALaterVersionLacksIsRemoved(t *testing.T) {
	l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
	install(t, l, "one")
	fewer := slices.DeleteFunc(files(t, l, "two"), func(f File) bool { return strings.Contains(f.Path, "/fish/") || strings.Contains(f.Path, "/zsh/") })
	write(t, l.On("/usr/local/share/zsh/site-functions/_torpor"), "mine")
	p, err := l.Plan(fewer, false)
	if err == nil {
		err = p.Apply()
	}
	if err != nil {
		t.Fatal(err)
	}
	after := tree(t, l.Root)
	if _, left := after["/usr/local/share/fish/vendor_completions.d/torpor.fish"]; left {
		t.Error("a file of the earlier version is left")
	}
	if after["/usr/local/share/zsh/site-functions/_torpor"] != "mine" {
		t.Error("a file that was changed is gone")
	}
}

func TestPlanningWritesNothing(t *testing.T) {
	l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
	if _, err := l.Plan(files(t, l, "one"), false); err != nil {
		t.Fatal(err)
	}
	if found := tree(t, l.Root); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	install(t, l, "one")
	before := tree(t, l.Root)
	if _, err := l.PlanRemoval(); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(tree(t, l.Root), before) {
		t.Error("files have changed")
	}
}

// TestFailureInTheMidst has one file that cannot be written: everything stays as
// it was, and nothing is left over.
func TestFailureInTheMidst(t *testing.T) {
	l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
	install(t, l, "one")
	before := tree(t, l.Root)
	all := files(t, l, "two")
	p, err := l.Plan(append(all, File{Path: "/zzz/new/file", Mode: 0o644, From: all[0].From}), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(all[0].From); err != nil { // after planning: reading fails
		t.Fatal(err)
	}
	if err := p.Apply(); err == nil {
		t.Fatal("no error")
	}
	if after := tree(t, l.Root); !maps.Equal(after, before) {
		t.Errorf("got %v, want %v", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
	}
	install(t, l, "two")
}

// TestCutOff ends an installation between the manifest and the files: the next one
// and an uninstallation go on as if it had not begun.
func TestCutOff(t *testing.T) {
	cutOff := func(t *testing.T) Layout {
		l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
		install(t, l, "one")
		p, err := l.Plan(files(t, l, "two"), false)
		if err != nil {
			t.Fatal(err)
		}
		m := manifest{Dirs: p.before.Dirs}
		for _, s := range p.Steps {
			m.Files = append(m.Files, s.entry)
		}
		if err := l.save(m); err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := cutOff(t)
	if states := install(t, l, "three"); states[l.Binary()] != Changed {
		t.Errorf("got %v", states)
	}
	l = cutOff(t)
	uninstall(t, l)
	if left := tree(t, l.Root); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestNothingToUninstall(t *testing.T) {
	l := Layout{Root: t.TempDir(), Prefix: "/usr/local"}
	if _, err := l.PlanRemoval(); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("got %v", err)
	}
	for name, text := range map[string]string{"broken": "{", "of the future": `{"version": 99}`} {
		write(t, l.On(l.Manifest()), text)
		if _, err := l.PlanRemoval(); err == nil || !strings.Contains(err.Error(), l.Manifest()) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRivals(t *testing.T) {
	const packaged, local = "/usr/lib/systemd/system/torpor.service", "/usr/local/lib/systemd/system/torpor.service"
	for _, c := range []struct {
		prefix, unit, list, rival string
	}{
		{"/usr/local", "", "", ""},
		{"/usr", "", "", ""},
		{"/usr/local", packaged, "", packaged},
		{"/usr", packaged, "", packaged},
		{"/usr", packaged, "/usr/share/torpor/manifest.json", ""},
		{"/usr/local", packaged, "/usr/share/torpor/manifest.json", packaged},
		{"/usr/local", local, "/usr/local/share/torpor/manifest.json", ""},
		{"/usr/local", local, "", ""}, // Plan has a say about that
		{"/usr", local, "/usr/local/share/torpor/manifest.json", local},
	} {
		l := Layout{Root: t.TempDir(), Prefix: c.prefix}
		for _, path := range []string{c.unit, c.list} {
			if path != "" {
				write(t, l.On(path), "{}")
			}
		}
		if got := strings.TrimPrefix(l.Rival(), l.Root); got != c.rival {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func TestPrefixes(t *testing.T) {
	for prefix, good := range map[string]bool{"/usr": true, "/usr/local": true, "/opt/torpor": false, "": false, "usr": false} {
		if err := (Layout{Prefix: prefix}).Check(); (err == nil) != good {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}

// TestExampleIsGood loads the example as a user would have it, with the folder that
// it takes for granted.
func TestExampleIsGood(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "srv/hello/usr/bin/python3")
	write(t, program, "x")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(example), `"/srv/hello"`, `"`+dir+`/srv/hello"`)
	path := filepath.Join(dir, "functions.hcl")
	write(t, path, text)
	if _, diags, _ := spec.Load(path); len(diags) > 0 {
		t.Error(diags)
	}
	if formatted, diags := spec.Format(example, path); string(formatted) != string(example) || len(diags) > 0 {
		t.Errorf("it is not laid out canonically:\n%s", formatted)
	}
}
