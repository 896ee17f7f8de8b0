package image

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	passwd = `# a comment
root:x:0:0:root:/root:/bin/sh
app:x:1000:1000::/home/app:/bin/sh
1234:x:5:5::/digits:
broken:x:what:1::/:
no-change:x:4294967295:1::/:
short:x:7:7
 spaced:x:8:9::/spaced:
relative:x:10:10::home:
`
	group = `root:x:0:root
wheel:x:10:root,app
staff:x:50:app
app:x:1000:app
twice:x:50:app
empty:x:60:
bad:x:nine:app
`
)

func userRoot(t *testing.T, passwd, group string) string {
	t.Helper()
	root := t.TempDir()
	must(t, os.Mkdir(filepath.Join(root, "etc"), 0o755))
	must(t, os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(passwd), 0o600))
	must(t, os.WriteFile(filepath.Join(root, "etc/group"), []byte(group), 0o600))
	return root
}

func TestLookupUser(t *testing.T) {
	root := userRoot(t, passwd, group)
	for user, want := range map[string]struct {
		uid, gid uint32
		groups   []uint32
		home     string
	}{
		"":           {0, 0, []uint32{10}, "/root"},
		"0":          {0, 0, []uint32{10}, "/root"},
		"root":       {0, 0, []uint32{10}, "/root"},
		"app":        {1000, 1000, []uint32{10, 50}, "/home/app"},
		"1000":       {1000, 1000, []uint32{10, 50}, "/home/app"},
		"app:":       {1000, 1000, []uint32{10, 50}, "/home/app"},
		"app:staff":  {1000, 50, nil, "/home/app"},
		"app:77":     {1000, 77, nil, "/home/app"},
		"2000":       {2000, 0, nil, "/"},
		"2000:100":   {2000, 100, nil, "/"},
		"2000:empty": {2000, 60, nil, "/"},
		":staff":     {0, 50, nil, "/root"},
		"1234":       {5, 5, nil, "/digits"},
		"short":      {7, 7, nil, "/"},
		"spaced":     {8, 9, nil, "/spaced"},
		"relative":   {10, 10, nil, "/"},
		"4294967294": {4294967294, 0, nil, "/"},
	} {
		uid, gid, groups, home, err := LookupUser(root, user)
		if err != nil {
			t.Errorf("%q: %v", user, err)
			continue
		}
		if uid != want.uid || gid != want.gid || !slices.Equal(groups, want.groups) || home != want.home {
			t.Errorf("%q is %d:%d %v %q, want %+v", user, uid, gid, groups, home, want)
		}
	}
}

func TestLookupUserRefuses(t *testing.T) {
	root := userRoot(t, passwd, group)
	for user, says := range map[string]string{
		"nobody":     "no such user",
		"broken":     "no such user",
		"no-change":  "no such user",
		"-1":         "no such user",
		"4294967295": "no such user",
		"4294967296": "no such user",
		"app:none":   "no such group",
		"app:-1":     "no such group",
		"app:a:b":    "no such group",
		"#":          "no such user",
	} {
		_, _, _, _, err := LookupUser(root, user)
		wantError(t, err, `"`+user+`"`, says)
	}
}

func TestLookupUserWithoutFiles(t *testing.T) {
	root := t.TempDir()
	for _, user := range []string{"", "0:0", "1000:1000"} {
		if _, _, _, _, err := LookupUser(root, user); err != nil {
			t.Errorf("%q: %v", user, err)
		}
	}
	_, _, _, _, err := LookupUser(root, "app")
	wantError(t, err, "no such user")
	_, _, _, _, err = LookupUser(filepath.Join(root, "nowhere"), "")
	wantError(t, err, "no such file")
}

// The files of the machine know other users than those of the image.
func TestLookupUserStaysInside(t *testing.T) {
	top := t.TempDir()
	root := filepath.Join(top, "root")
	must(t, os.MkdirAll(filepath.Join(root, "store"), 0o755))
	must(t, os.MkdirAll(filepath.Join(top, "outside"), 0o755))
	must(t, os.WriteFile(filepath.Join(top, "outside/passwd"), []byte("app:x:666:666::/evil:\n"), 0o600))
	for what, c := range map[string]struct{ etc, passwd string }{
		"absolute directory": {etc: filepath.Join(top, "outside")},
		"relative directory": {etc: "../outside"},
		"absolute file":      {passwd: filepath.Join(top, "outside/passwd")},
		"relative file":      {passwd: "../../outside/passwd"},
	} {
		t.Run(what, func(t *testing.T) {
			etc := filepath.Join(root, "etc")
			defer func() { must(t, os.RemoveAll(etc)) }()
			if c.etc != "" {
				must(t, os.Symlink(c.etc, etc))
			} else {
				must(t, os.Mkdir(etc, 0o755))
				must(t, os.Symlink(c.passwd, filepath.Join(etc, "passwd")))
			}
			_, _, _, _, err := LookupUser(root, "app")
			wantError(t, err, "no such user")
		})
	}
}

func TestLookupUserFollowsLinksInside(t *testing.T) {
	root := userRoot(t, passwd, group)
	must(t, os.Rename(filepath.Join(root, "etc/passwd"), filepath.Join(root, "users")))
	must(t, os.Symlink("/users", filepath.Join(root, "etc/passwd")))
	uid, _, _, _, err := LookupUser(root, "app")
	if uid != 1000 || err != nil {
		t.Errorf("app is %d, %v", uid, err)
	}
}

func TestLookupUserDoesNotHang(t *testing.T) {
	root := t.TempDir()
	must(t, os.Mkdir(filepath.Join(root, "etc"), 0o755))
	must(t, unix.Mkfifo(filepath.Join(root, "etc/passwd"), 0o600))
	_, _, _, _, err := LookupUser(root, "app")
	wantError(t, err, "/etc/passwd is no regular file")
}

func TestLookupUserEndlessLine(t *testing.T) {
	_, _, _, _, err := LookupUser(userRoot(t, strings.Repeat("x", 2*maxLine), ""), "app")
	wantError(t, err, "/etc/passwd", "too long")
}

func FuzzLookupUser(f *testing.F) {
	f.Add(passwd, group, "app:staff")
	f.Add("a:b:1:2:c:/d:e", "", "1")
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, passwd, group, user string) {
		must(t, os.MkdirAll(filepath.Join(root, "etc"), 0o755))
		must(t, os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(passwd), 0o600))
		must(t, os.WriteFile(filepath.Join(root, "etc/group"), []byte(group), 0o600))
		uid, gid, groups, home, err := LookupUser(root, user)
		if err == nil && !strings.HasPrefix(home, "/") {
			t.Errorf("home is %q", home)
		}
		for _, id := range append(groups, uid, gid) {
			if id == 1<<32-1 {
				t.Errorf("%q is %d:%d %v", user, uid, gid, groups)
			}
		}
	})
}
