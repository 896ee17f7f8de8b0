package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"torpor/spec"
)

const (
	tidyHCL    = "locals {\n  a   = 1\n  abc = 2\n}\n"
	untidyHCL  = "locals {\na=1\n  abc = 2\n}\n"
	brokenHCL  = "locals {\n"
	brokenText = "Unclosed configuration block"
)

// put writes files into a new folder.
func put(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const function = `function "hello" {
  rootfs  = "/"
  command = ["/bin/sh"]
  listen "http" {
    address = "127.0.0.1:8080"
    port    = 8000
  }
}
`

func TestCheck(t *testing.T) {
	good := put(t, map[string]string{"a.hcl": function})
	torpor(t, Deps{}, "check", good).is(t, 0, "1 function, no mistakes\n", "")
	torpor(t, Deps{}, "check", "--json", good).is(t, 0, "[]\n", "")

	bad := put(t, map[string]string{"a.hcl": strings.Replace(function, "command", "comand", 1)})
	r := torpor(t, Deps{}, "check", bad)
	if r.code != 1 || r.out != "" || !strings.Contains(r.errors, bad+"/a.hcl line 3") || !strings.HasSuffix(r.errors, " found\n") {
		t.Errorf("got %+v", r)
	}
	r = torpor(t, Deps{}, "check", bad, "--json")
	var diags []spec.Diagnostic
	if err := json.Unmarshal([]byte(r.out), &diags); err != nil || r.code != 1 || len(diags) == 0 || diags[0].Line == 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	if want := "torpor: " + count(len(diags), "mistake") + " found\n"; r.errors != want {
		t.Errorf("got %q, want %q", r.errors, want)
	}
}

func TestFmt(t *testing.T) {
	dir := put(t, map[string]string{"tidy.hcl": tidyHCL, "untidy.hcl": untidyHCL, "sub/untidy.hcl": untidyHCL, "sub/sub/deep.hcl": untidyHCL,
		".hidden.hcl": untidyHCL, ".git/x.hcl": untidyHCL, "other.txt": untidyHCL})
	names := dir + "/untidy.hcl\n" + dir + "/sub/untidy.hcl\n"
	for _, flag := range []string{"-check", "--check"} {
		torpor(t, Deps{}, "fmt", flag, dir).is(t, 1, names, "torpor: 2 files to be formatted with torpor fmt\n")
	}
	if read(t, dir+"/untidy.hcl") != untidyHCL {
		t.Error("--check changed a file")
	}
	torpor(t, Deps{}, "fmt", dir).is(t, 0, names, "")
	torpor(t, Deps{}, "fmt", "--check", dir).is(t, 0, "", "")
	for name, want := range map[string]string{"tidy.hcl": tidyHCL, "untidy.hcl": tidyHCL, "sub/untidy.hcl": tidyHCL,
		"sub/sub/deep.hcl": untidyHCL, ".hidden.hcl": untidyHCL, ".git/x.hcl": untidyHCL, "other.txt": untidyHCL} {
		if got := read(t, filepath.Join(dir, name)); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestFmtHereByDefault(t *testing.T) {
	t.Chdir(put(t, map[string]string{"a.hcl": untidyHCL}))
	torpor(t, Deps{}, "fmt").is(t, 0, "a.hcl\n", "")
}

func TestFmtKeepsModeOwnerAndLinks(t *testing.T) {
	dir := put(t, map[string]string{"a/real.hcl": untidyHCL})
	path, link := dir+"/a/real.hcl", dir+"/link.hcl"
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 1234, 2345); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a/real.hcl", link); err != nil {
		t.Fatal(err)
	}
	torpor(t, Deps{}, "fmt", link).is(t, 0, link+"\n", "")
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if info.Mode() != 0o604 || owner.Uid != 1234 || owner.Gid != 2345 || read(t, path) != tidyHCL {
		t.Errorf("got %v, %d:%d, %q", info.Mode(), owner.Uid, owner.Gid, read(t, path))
	}
	if target, err := os.Readlink(link); err != nil || target != "a/real.hcl" {
		t.Errorf("the link is %q, %v", target, err)
	}
	if left, _ := os.ReadDir(dir + "/a"); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

func TestFmtStream(t *testing.T) {
	torporWith(t.Context(), untidyHCL, Deps{}, "fmt", "-").is(t, 0, tidyHCL, "")
	torporWith(t.Context(), untidyHCL, Deps{}, "fmt", "-", "-check").is(t, 1, "", "torpor: 1 file to be formatted with torpor fmt\n")
	r := torporWith(t.Context(), brokenHCL, Deps{}, "fmt", "-")
	if r.code != 1 || r.out != "" || !strings.Contains(r.errors, brokenText) || !strings.Contains(r.errors, "standard input line 1") {
		t.Errorf("got %+v", r)
	}
}

func TestFmtGoesOnAfterMistakes(t *testing.T) {
	dir := put(t, map[string]string{"a.hcl": brokenHCL, "b.hcl": untidyHCL})
	r := torpor(t, Deps{}, "fmt", dir, dir+"/none.hcl")
	if r.code != 1 || r.out != dir+"/b.hcl\n" || !strings.Contains(r.errors, brokenText) {
		t.Errorf("got %+v", r)
	}
	if want := "torpor: stat " + dir + "/none.hcl: no such file or directory\ntorpor: 1 file with mistakes left as found\n"; !strings.HasSuffix(r.errors, want) {
		t.Errorf("got %q", r.errors)
	}
	if read(t, dir+"/a.hcl") != brokenHCL {
		t.Error("a broken file was changed")
	}
}
