package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindProgram(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "usr/bin/app"), "")
	if err := os.Chmod(filepath.Join(root, "usr/bin/app"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "usr/share/text"), "")
	for path, target := range map[string]string{
		"bin":             "usr/bin",                 // as Debian has it
		"absolute":        "/bin/app",                // through another link
		"climbs":          "../../../../usr/bin/app", // above the root is the root
		"escapes":         "/../" + root + "/usr/bin/app",
		"usr/share/up":    "../bin/../../bin/app", // up from where a link led
		"loop":            "loop2",
		"loop2":           "loop",
		"into-mount":      "/mnt/data/app",
		"dangling":        "/usr/bin/nothing",
		"through-a-link":  "usr/share/up/app",
		"usr/share/slash": "/usr//bin/./app",
	} {
		link(t, target, filepath.Join(root, path))
	}
	mounts := []Mount{{Target: "/mnt/data"}, {Target: "/opt/app"}}

	for program, want := range map[string]string{
		"/usr/bin/app":          "",
		"/bin/app":              "",
		"//bin/./app":           "",
		"/absolute":             "",
		"/climbs":               "",
		"/usr/share/up":         "",
		"/usr/share/slash":      "",
		"/into-mount":           "",
		"/opt/app":              "",
		"/mnt/data/sub/app":     "",
		"/mnt/data2/app":        "does not exist",
		"/escapes":              "leads to " + root + "/usr/bin/app, which does not exist",
		"/dangling":             "leads to /usr/bin/nothing, which does not exist",
		"/loop":                 "lead in a circle",
		"/usr":                  "is not a file",
		"/usr/share/text":       "is not executable",
		"/usr/share/text/deep":  "is not a folder",
		"/through-a-link":       "is not a folder",
		"/bin/../../bin/nobody": "does not exist",
	} {
		err := findProgram(root, program, mounts)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", program, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", program, err, want)
		}
	}
}
