package appliance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"torpor/api"
)

// awaitVersion waits until a function answers with the version.
func (n *node) awaitVersion(port int, want string) {
	n.Helper()
	n.until("version "+want, func() bool { return n.get(port, "/version") == want })
}

func (n *node) awaitDeclared(names ...string) {
	n.Helper()
	want := strings.Join(names, " ")
	n.await("functions "+want, func(s api.Status) bool {
		var got []string
		for _, f := range s.Functions {
			got = append(got, f.Name)
		}
		return strings.Join(got, " ") == want
	})
}

func TestWatchingEditorThatRenames(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, version("one")))
	n.expect(port, "/version", "one")

	// As vim does: the old file becomes a backup, the new one is written anew.
	file := filepath.Join(n.config, "node.hcl")
	if err := os.Rename(file, file+"~"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(nodeBlock("1GiB")+declare("hello", port, version("two"))), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file + "~"); err != nil {
		t.Fatal(err)
	}
	n.awaitVersion(port, "two")
}

func TestWatchingSymlinkSwap(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, "")
	// As Kubernetes shows a ConfigMap: files are links through one link to a
	// folder, which is what is swapped.
	for _, v := range []string{"one", "two"} {
		dir := filepath.Join(n.config, ".."+v)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		n.write(".."+v+"/node.hcl", nodeBlock("1GiB")+declare("hello", port, version(v)))
	}
	data := filepath.Join(n.config, "..data")
	n.link("..one", data)
	n.link("..data/node.hcl", filepath.Join(n.config, "node.hcl"))
	n.start()
	n.expect(port, "/version", "one")
	n.link("..two", data)
	n.awaitVersion(port, "two")
}

func TestWatchingFolderThatIsALink(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, nodeBlock("1GiB")+declare("hello", port, version("one")))
	one, two := filepath.Join(n.dir, "one"), filepath.Join(n.dir, "two")
	if err := os.Rename(n.config, one); err != nil {
		t.Fatal(err)
	}
	n.link(one, n.config)
	n.start()
	n.expect(port, "/version", "one")
	if err := os.Mkdir(two, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(two+"/node.hcl", []byte(nodeBlock("1GiB")+declare("hello", port, version("two"))), 0o644); err != nil {
		t.Fatal(err)
	}
	n.link(two, n.config)
	n.awaitVersion(port, "two")
}

// link makes a symbolic link in one step, in place of another.
func (n *node) link(target, name string) {
	n.Helper()
	if err := os.Symlink(target, name+".new"); err != nil {
		n.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		n.Fatal(err)
	}
}

func TestWatchingFilesThatAppearAndGo(t *testing.T) {
	t.Parallel()
	a, b, c := freePort(t), freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("a", a))
	n.write("b.hcl", declare("b", b))
	n.awaitDeclared("a", "b")
	n.expect(b, "/count", "1")

	sub := filepath.Join(n.config, "team")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	n.write("team/c.hcl", declare("c", c))
	n.awaitDeclared("a", "b", "c")
	n.expect(c, "/count", "1")

	if err := os.Remove(filepath.Join(n.config, "b.hcl")); err != nil {
		t.Fatal(err)
	}
	n.awaitDeclared("a", "c")
	if _, err := try(b, "/count"); err == nil {
		t.Error("a function that is gone still answers")
	}
	if err := os.RemoveAll(sub); err != nil {
		t.Fatal(err)
	}
	n.awaitDeclared("a")
}

func TestBrokenSaveChangesNothingAndHeals(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	good := nodeBlock("1GiB") + declare("hello", port)
	n := newNode(t, good)
	n.expect(port, "/count", "1")
	before := n.function("hello")

	n.write("node.hcl", strings.Replace(good, "memory_budget", "memory_bugdet", 1))
	n.await("the mistake to be named", func(s api.Status) bool {
		return !s.Node.ConfigOK && len(s.Node.Diagnostics) > 0 && strings.Contains(s.Node.Diagnostics[0].Detail, "memory_budget")
	})
	n.awaitLog("broken configuration")
	n.expect(port, "/count", "2")

	n.write("node.hcl", good)
	n.await("the configuration to be good", func(s api.Status) bool { return s.Node.ConfigOK && s.Node.Diagnostics == nil })
	n.awaitLog("the configuration is good again")
	n.expect(port, "/count", "3")
	if f := n.function("hello"); f.PID != before.PID {
		t.Errorf("it was restarted: %+v", f)
	}
}

func TestBrokenFromTheStartHeals(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, "node {")
	n.launch()
	n.await("the mistake to be named", func(s api.Status) bool { return !s.Node.ConfigOK && len(s.Node.Diagnostics) > 0 })
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port))
	n.awaitDeclared("hello")
	n.expect(port, "/count", "1")
}
