package cli

import (
	"os/exec"
	"strings"
	"testing"
)

func TestCompletionScripts(t *testing.T) {
	for shell, registers := range map[string]string{
		"bash": "complete -o default -F __start_torpor torpor",
		"zsh":  "#compdef torpor",
		"fish": "complete -c torpor",
	} {
		r := torpor(t, Deps{}, "completion", shell)
		if r.code != 0 || r.errors != "" || !strings.Contains(r.out, registers) {
			t.Errorf("%s: exit code %d, %s, or no %q in it", shell, r.code, r.errors, registers)
		}
	}
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(torpor(t, Deps{}, "completion", "bash").out)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("bash does not like it: %v\n%s", err, out)
	}
}

// TestCompletions asks as the scripts do.
func TestCompletions(t *testing.T) {
	const folders, words, files = ":16", ":4", ":0"
	for typed, want := range map[string]string{
		"units ":                 folders,
		"units --config ":        folders,
		"install --root ":        folders,
		"status --runtime ":      folders,
		"install --prefix ":      "/usr/local\n/usr\n" + words,
		"run --log-level ":       "debug\ninfo\nwarn\nerror\n" + words,
		"teardown --log-format ": "auto\ntext\njson\njournal\n" + words,
		"completion ":            "bash\nzsh\nfish\n" + words,
		"check ":                 files,
	} {
		args := append([]string{"__complete"}, strings.Split(typed, " ")...)
		if r := torpor(t, Deps{}, args...); r.code != 0 || r.out != want+"\n" {
			t.Errorf("%q: got %q, want %q", typed, r.out, want)
		}
	}
	if r := torpor(t, Deps{}, "__complete", "un"); !strings.HasPrefix(r.out, "uninstall\t") || !strings.Contains(r.out, "\nunits\t") {
		t.Errorf("got %q", r.out)
	}
}
