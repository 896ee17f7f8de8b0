package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

const minimal = "function \"a\" {\n  image = \"app\"\n  listen \"http\" {\n    socket = \"a\"\n    port   = 80\n  }\n}\n"

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// TestPaths is about what cannot be read. {DIR} in the messages stands for the folder that setup filled
// and that is loaded.
func TestPaths(t *testing.T) {
	tests := []struct {
		name  string
		setup func(t *testing.T, dir string)
		want  []string
	}{
		{"empty folder", func(*testing.T, string) {}, []string{
			`:0: No configuration files; There is no .hcl file in {DIR}. Create one there, for example functions.hcl with a block: function "hello" { ... }.`,
		}},
		{"missing", func(t *testing.T, dir string) {
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
		}, []string{
			`{DIR}:0: No such file or folder; {DIR} does not exist. Create it, or give the path of a folder with .hcl files.`,
		}},
		{"symlink loop", func(t *testing.T, dir string) { link(t, "x.hcl", filepath.Join(dir, "x.hcl")) }, []string{
			`{DIR}/x.hcl:0: Symlink loop; {DIR}/x.hcl is a symbolic link that leads back to itself. Point it to the file that it should stand for.`,
		}},
		{"dangling symlink", func(t *testing.T, dir string) { link(t, "nowhere", filepath.Join(dir, "x.hcl")) }, []string{
			`{DIR}/x.hcl:0: Dangling symlink; {DIR}/x.hcl is a symbolic link to something that does not exist. Point it to a file, or remove it.`,
		}},
		{"folder with a file's name", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "x.hcl", "a.hcl"), minimal) }, []string{
			`{DIR}/x.hcl:0: Not a file; {DIR}/x.hcl is a folder, but its name ends in .hcl. Rename it, or put its text into a file.`,
		}},
		{"named pipe", func(t *testing.T, dir string) {
			if err := syscall.Mkfifo(filepath.Join(dir, "x.hcl"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, []string{
			`{DIR}/x.hcl:0: Not a file; {DIR}/x.hcl is not a regular file (p---------). Put the text into a regular file.`,
		}},
		{"unreadable", func(t *testing.T, dir string) { link(t, "/proc/self/mem", filepath.Join(dir, "x.hcl")) }, []string{
			`{DIR}/x.hcl:0: Unreadable; {DIR}/x.hcl cannot be read: input/output error.`,
		}},
		{"too large", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "x.hcl"), strings.Repeat("#\n", maxFile/2)+"\n")
		}, []string{
			`{DIR}/x.hcl:0: File too large; {DIR}/x.hcl is larger than 1MiB. Split it: all files of a folder are read as one.`,
		}},
		{"not UTF-8", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "x.hcl"), "# one\n# t\u00e9xt \xe9\n")
		}, []string{
			`{DIR}/x.hcl:2: Not UTF-8; Line 2 holds the byte 0xe9, which is not UTF-8. Save the file as UTF-8.`,
		}},
		{"nested too deeply", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "x.hcl"), "a =\n"+strings.Repeat("[", 100_000))
		}, []string{
			`{DIR}/x.hcl:2: Nested too deeply; Brackets may be nested at most 256 deep. Give the inner parts names in a locals block.`,
		}},
		{"too many operators", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "x.hcl"), "a =\n"+strings.Repeat("!", 100_000)+"true")
		}, []string{
			`{DIR}/x.hcl:2: Too many operators; One file may have at most 20000 operators in its expressions. Split it.`,
		}},
		{"several files", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "a", "a.hcl"), "x = 1")
			write(t, filepath.Join(dir, "b.hcl"), "# \xff")
			link(t, "c.hcl", filepath.Join(dir, "c.hcl"))
		}, []string{
			`{DIR}/a/a.hcl:1: Unknown attribute; There is no attribute "x" here. What can be written here: blocks node, function, locals.`,
			`{DIR}/b.hcl:1: Not UTF-8; Line 1 holds the byte 0xff, which is not UTF-8. Save the file as UTF-8.`,
			`{DIR}/c.hcl:0: Symlink loop; {DIR}/c.hcl is a symbolic link that leads back to itself. Point it to the file that it should stand for.`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.setup(t, dir)
			config, diags, _ := testLoader().Load(dir)
			var want []string
			for _, w := range test.want {
				want = append(want, strings.ReplaceAll(w, "{DIR}", dir))
			}
			compare(t, said(diags), want)
			if NoFiles(diags) != (test.name == "empty folder") {
				t.Errorf("NoFiles says %v", NoFiles(diags))
			}
			if config == nil || config.Functions != nil || len(config.Dirs) == 0 {
				t.Errorf("config %+v, want nothing but Dirs", config)
			}
		})
	}
}

func TestNoPaths(t *testing.T) {
	_, diags, _ := Load()
	compare(t, said(diags), []string{`:0: No configuration files; No folder was given. Create one there, for example functions.hcl with a block: function "hello" { ... }.`})
}

// TestSorted wants diagnostics in the order of files and lines.
func TestSorted(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b.hcl"), "y = 1\nx = 1\n")
	write(t, filepath.Join(dir, "a.hcl"), "z = 1\n")
	_, diags, _ := Load(filepath.Join(dir, "b.hcl"), filepath.Join(dir, "a.hcl"))
	var got []string
	for _, d := range diags {
		got = append(got, fmt.Sprintf("%s:%d", filepath.Base(d.Subject.Filename), d.Subject.Start.Line))
	}
	if want := []string{"a.hcl:1", "b.hcl:1", "b.hcl:2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestReadOnce gives one file in many ways: it is still one.
func TestReadOnce(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.hcl")
	write(t, file, minimal)
	link(t, "a.hcl", filepath.Join(dir, "b.hcl"))
	link(t, ".", filepath.Join(dir, "self"))
	config, diags, _ := Load(dir, file, dir+"/../"+filepath.Base(dir))
	if diags.HasErrors() || len(config.Functions) != 1 {
		t.Errorf("got %v, %d functions; want one", said(diags), len(config.Functions))
	}
}

// TestDirs wants each folder in which a change can change the result.
func TestDirs(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "config")
	write(t, filepath.Join(dir, "a.hcl"), "locals {\n  x = file(\"../secrets/x\")\n}\n")
	write(t, filepath.Join(dir, "sub", "b.hcl"), minimal)
	write(t, filepath.Join(dir, "sub", "deep", "c.hcl"), "not read")
	write(t, filepath.Join(dir, ".hidden", "d.hcl"), "not read")
	write(t, filepath.Join(base, "secrets", "x"), "x")
	write(t, filepath.Join(base, "real", "e.hcl"), "")
	link(t, "../real/e.hcl", filepath.Join(dir, "e.hcl"))
	link(t, "config", filepath.Join(base, "link"))

	want := []string{base, dir, dir + "/sub", base + "/link", base + "/link/sub", base + "/real", base + "/secrets"}
	slices.Sort(want)
	config, diags, _ := Load(filepath.Join(base, "link"), dir)
	if diags.HasErrors() || !slices.Equal(config.Dirs, want) {
		t.Errorf("got %q (%v), want %q", config.Dirs, said(diags), want)
	}
}

func TestWatchesWhereAMissingPathWillCome(t *testing.T) {
	dir := t.TempDir()
	config, diags, _ := Load(filepath.Join(dir, "later"))
	if !diags.HasErrors() || !slices.Equal(config.Dirs, []string{dir}) {
		t.Errorf("got %q (%v), want %q", config.Dirs, said(diags), dir)
	}
}

// TestNoValues wants no values of expressions in diagnostics: they can be secrets.
func TestNoValues(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.hcl"), "locals {\n  secret = \"hunter2\"\n  bad    = 1 + local.secret\n}\n")
	_, diags, sources := Load(dir)
	var out strings.Builder
	if err := WriteDiagnostics(&out, sources, diags[:1], 0, false); err != nil {
		t.Fatal(err)
	}
	if rest := strings.Split(out.String(), "\n\n"); len(diags) != 1 || strings.Contains(strings.Join(rest[1:], ""), "hunter2") {
		t.Errorf("got %s", out.String())
	}
	if diags[0].Severity != hcl.DiagError {
		t.Errorf("got %v", diags[0])
	}
}
