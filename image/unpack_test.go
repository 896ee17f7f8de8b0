package image

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestMetadataIsKept(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	setuid := file("bin/su", "x")
	setuid.Mode, setuid.Uid, setuid.Gid = 0o4755, 7, 8
	sticky := dir("tmp")
	sticky.Mode, sticky.Uid, sticky.Gid = 0o1777, 1, 2
	lone := symlink("link", "/nowhere")
	lone.Uid, lone.Gid = 4000000000, 6
	top := dir("./")
	top.Mode = 0o750
	path := unpacked(t, tarOf(t, top, setuid, sticky, lone, file("tmp/later", "")))
	want := `. drwxr-x--- 0:0
bin drwxr-xr-x 0:0
bin/su urwxr-xr-x 7:8 "x"
link Lrwxrwxrwx 4000000000:6 -> /nowhere
tmp dtrwxrwxrwx 1:2
tmp/later -rw-r--r-- 0:0 ""
`
	if got := tree(t, path); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, name := range []string{".", "bin/su", "link", "tmp", "tmp/later"} {
		info, err := os.Lstat(filepath.Join(path, name))
		must(t, err)
		if !info.ModTime().Equal(stamped) {
			t.Errorf("%s is of %v, want %v", name, info.ModTime(), stamped)
		}
	}
}

func TestCapabilityIsKept(t *testing.T) {
	// Version 2, effective, cap_net_bind_service permitted.
	capability := "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	ping := file("ping", "x")
	ping.Uid = 5
	ping.PAXRecords = map[string]string{
		"SCHILY.xattr.security.capability": capability,
		"SCHILY.xattr.user.other":          "left out",
	}
	path := filepath.Join(unpacked(t, tarOf(t, ping)), "ping")
	got := make([]byte, 64)
	n, err := unix.Lgetxattr(path, "security.capability", got)
	must(t, err)
	if string(got[:n]) != capability {
		t.Errorf("capability is %q, want %q", got[:n], capability)
	}
	if n, err := unix.Llistxattr(path, got); err != nil || string(got[:n]) != "security.capability\x00" {
		t.Errorf("attributes are %q, %v", got[:n], err)
	}
}

func TestLayers(t *testing.T) {
	executable := file("f", "upper")
	executable.Mode = 0o755
	for what, c := range map[string]struct {
		lower, upper []item
		want         string
	}{
		"whiteout": {
			[]item{dir("d"), file("d/a", ""), file("d/b", "")},
			[]item{file("d/.wh.a", "")},
			"d drwxr-xr-x 0:0\nd/b -rw-r--r-- 0:0 \"\"\n",
		},
		"whiteout of a directory that is made again": {
			[]item{dir("d"), file("d/a", ""), dir("d/e"), file("d/e/old", "")},
			[]item{dir("d"), dir("d/e"), file("d/e/new", ""), file(".wh.d", "")},
			"d drwxr-xr-x 0:0\nd/e drwxr-xr-x 0:0\nd/e/new -rw-r--r-- 0:0 \"\"\n",
		},
		"whiteout before the new file": {
			[]item{file("a", "old")},
			[]item{file(".wh.a", ""), file("a", "new")},
			"a -rw-r--r-- 0:0 \"new\"\n",
		},
		"whiteout after the new file": {
			[]item{file("a", "old")},
			[]item{file("a", "new"), file(".wh.a", "")},
			"a -rw-r--r-- 0:0 \"new\"\n",
		},
		"whiteout of what is not there": {
			nil,
			[]item{file(".wh.a", ""), file("b", "")},
			"b -rw-r--r-- 0:0 \"\"\n",
		},
		"opaque": {
			[]item{dir("d"), file("d/a", ""), dir("d/e"), file("d/e/a", "")},
			[]item{dir("d"), file("d/new", ""), file("d/.wh..wh..opq", ""), file("d/e/kept", "")},
			"d drwxr-xr-x 0:0\nd/e drwxr-xr-x 0:0\nd/e/kept -rw-r--r-- 0:0 \"\"\nd/new -rw-r--r-- 0:0 \"\"\n",
		},
		"file for file": {
			[]item{file("f", "lower")},
			[]item{executable},
			"f -rwxr-xr-x 0:0 \"upper\"\n",
		},
		"hard link below, its other name replaced above": {
			[]item{file("a", "old"), hardlink("b", "a")},
			[]item{file("a", "new")},
			"a -rw-r--r-- 0:0 \"new\"\nb -rw-r--r-- 0:0 \"old\"\n",
		},
		"hard link above to a file below": {
			[]item{dir("d"), file("d/a", "x")},
			[]item{hardlink("b", "/d/a")},
			"b -rw-r--r-- 0:0 \"x\"\nd drwxr-xr-x 0:0\nd/a -rw-r--r-- 0:0 \"x\"\n",
		},
		"through an absolute link": {
			[]item{dir("run"), dir("var"), symlink("var/run", "/run")},
			[]item{file("var/run/pid", "1")},
			"run drwxr-xr-x 0:0\nrun/pid -rw-r--r-- 0:0 \"1\"\nvar drwxr-xr-x 0:0\nvar/run Lrwxrwxrwx 0:0 -> /run\n",
		},
		"directory over a link to one": {
			[]item{dir("a"), symlink("b", "a")},
			[]item{dir("b"), file("b/f", "")},
			"a drwxr-xr-x 0:0\nb drwxr-xr-x 0:0\nb/f -rw-r--r-- 0:0 \"\"\n",
		},
		"file over a directory": {
			[]item{dir("a"), file("a/b", "")},
			[]item{file("a", "file")},
			"a -rw-r--r-- 0:0 \"file\"\n",
		},
		"directory over a file": {
			[]item{file("a", "file")},
			[]item{dir("a"), file("a/b", "")},
			"a drwxr-xr-x 0:0\na/b -rw-r--r-- 0:0 \"\"\n",
		},
		"the last of duplicates": {
			[]item{file("a", "one"), symlink("a", "two"), file("a", "three")},
			nil,
			"a -rw-r--r-- 0:0 \"three\"\n",
		},
	} {
		t.Run(what, func(t *testing.T) {
			path := unpacked(t, tarOf(t, c.lower...), tarOf(t, c.upper...))
			if got, want := tree(t, path), ". drwxr-xr-x 0:0\n"+c.want; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestHardLinksShareAnInode(t *testing.T) {
	path := unpacked(t, tarOf(t, file("a", "x"), hardlink("b", "a"), hardlink("a", "a")))
	a, err := os.Stat(filepath.Join(path, "a"))
	must(t, err)
	b, err := os.Stat(filepath.Join(path, "b"))
	must(t, err)
	if !os.SameFile(a, b) {
		t.Error("two files, want one")
	}
}

func TestManyEntriesInOneDirectory(t *testing.T) {
	const n = 2000
	items := make([]item, n)
	for i := range items {
		items[i] = file("d/"+time.Duration(i).String(), "")
	}
	files, err := os.ReadDir(filepath.Join(unpacked(t, tarOf(t, items...)), "d"))
	must(t, err)
	if len(files) != n {
		t.Errorf("%d files, want %d", len(files), n)
	}
}

func TestGlobalHeaderIsSkipped(t *testing.T) {
	global := item{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, ""}
	if got, want := tree(t, unpacked(t, tarOf(t, global, file("a", "")))), ". drwxr-xr-x 0:0\na -rw-r--r-- 0:0 \"\"\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
