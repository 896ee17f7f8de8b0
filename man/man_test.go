package man_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"torpor/cli"
	"torpor/event"
	"torpor/man"
	"torpor/spec"
)

// page renders a page as man(1) does, on a very wide terminal: indentation tells
// what belongs to what. groff complains about wrong markup.
func page(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.Command("groff", "-man", "-Tascii", "-ww", "-rLL=500n", "-rHY=0", "-P-cbou")
	cmd.Stdin = bytes.NewReader(source(t, name))
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("groff: %v\n%s", err, complaints.String())
	}
	return out.String()
}

func source(t *testing.T, name string) []byte {
	t.Helper()
	pages := man.Pages()
	i := slices.IndexFunc(pages, func(p man.Page) bool { return p.FileName() == name })
	if i < 0 {
		t.Fatalf("no page %s", name)
	}
	return pages[i].Text
}

// section is what a page has below a heading, which is not indented.
func section(page, heading string) string {
	_, after, _ := strings.Cut(page, "\n"+heading+"\n")
	if end := regexp.MustCompile(`(?m)^[A-Z]`).FindStringIndex(after); end != nil {
		after = after[:end[0]]
	}
	return after
}

// help is what a command says of itself.
func help(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Main(context.Background(), append([]string{"help"}, args...), nil, &out, &errs, cli.Deps{}); code != 0 {
		t.Fatalf("help %v: %s", args, errs.String())
	}
	return out.String()
}

var (
	commandLine = regexp.MustCompile(`(?m)^  ([a-z]+) {2,}[A-Z]`)
	flagLine    = regexp.MustCompile(`(?m)^ {2,}(?:(-[a-z]), )?(--[a-z-]+)`)
)

// TestCommandsAndFlags finds all that the program knows in torpor(1), and nothing
// else there.
func TestCommandsAndFlags(t *testing.T) {
	page := page(t, "torpor.1")
	usages := usagesOf(section(page, "COMMANDS"))
	global := section(page, "OPTIONS")
	known := map[string]bool{}
	for _, m := range commandLine.FindAllStringSubmatch(help(t), -1) {
		command := m[1]
		usage, found := usages[command]
		if !found {
			t.Errorf("torpor(1) has no command %q", command)
		}
		delete(usages, command)
		for _, f := range flagLine.FindAllStringSubmatch(help(t, command), -1) {
			for _, flag := range f[1:] {
				known[flag] = true
				if flag != "" && !mentions(usage, flag) && !mentions(global, flag) {
					t.Errorf("torpor(1) does not have %s of %s", flag, command)
				}
			}
		}
	}
	for command := range usages {
		t.Errorf("torpor(1) has the command %q, which there is not", command)
	}
	for _, flag := range regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(section(page, "COMMANDS")+global, -1) {
		if !known[flag] {
			t.Errorf("torpor(1) has %s, which no command takes", flag)
		}
	}
}

func mentions(text, flag string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n[],.|", r) }), flag)
}

// usagesOf are what the page says by command: from the line with its usage to the
// next one.
func usagesOf(text string) map[string]string {
	usages := map[string]string{}
	var commands []string
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); strings.HasPrefix(line, "       torpor ") {
			commands = strings.Split(words[1], "|")
			if words[1] == "completion" {
				commands = words[1:2]
			}
		}
		for _, c := range commands {
			usages[c] += line
		}
	}
	return usages
}

// blocks are ways to each body that has a vocabulary, with a wrong name in it.
func blocks() map[string]string {
	inFunction := func(block string) string { return "function \"f\" {\n" + block + " {\n  nosuch_thing = 1\n}\n}\n" }
	return map[string]string{
		"":          "nosuch_thing = 1\n",
		"node":      "node {\n  nosuch_thing = 1\n}\n",
		"kvm":       "node {\n  kvm {\n    nosuch_thing = 1\n  }\n}\n",
		"swap":      "node {\n  swap {\n    nosuch_thing = 1\n  }\n}\n",
		"function":  "function \"f\" {\n  nosuch_thing = 1\n}\n",
		"mount":     inFunction("mount"),
		"limits":    inFunction("limits"),
		"listen":    inFunction("listen \"l\""),
		"ready":     inFunction("ready"),
		"hibernate": inFunction("hibernate"),
		"hold":      inFunction("hold"),
	}
}

var canBeWritten = regexp.MustCompile(`What can be written here: (?:attributes ([a-z_, ]+))?(?:; )?(?:blocks ([a-z_, ]+))?\.`)

// vocabulary asks what a body can have, by getting it wrong.
func vocabulary(t *testing.T, hcl string) (attributes, blocks []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.hcl")
	if err := os.WriteFile(path, []byte(hcl), 0o644); err != nil {
		t.Fatal(err)
	}
	_, diags, _ := spec.Load(path)
	for _, d := range diags {
		if m := canBeWritten.FindStringSubmatch(d.Detail); m != nil {
			return split(m[1]), split(m[2])
		}
	}
	t.Fatalf("nobody says what can be written in %q: %v", hcl, diags)
	return nil, nil
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// TestAttributes finds all blocks and attributes of the language in torpor.hcl(5),
// each below its block, and nothing else there.
func TestAttributes(t *testing.T) {
	documented := attributesOf(section(page(t, "torpor.hcl.5"), "BLOCKS"))
	for block, hcl := range blocks() {
		attributes, inner := vocabulary(t, hcl)
		for _, b := range inner {
			if _, known := blocks()[b]; !known && b != "locals" {
				t.Errorf("block %q is new: it needs a place here", b)
			}
			if _, found := documented[b]; !found {
				t.Errorf("torpor.hcl(5) has no block %q", b)
			}
		}
		slices.Sort(attributes)
		slices.Sort(documented[block])
		if !slices.Equal(documented[block], attributes) {
			t.Errorf("torpor.hcl(5) has for block %q\n%q, the language\n%q", block, documented[block], attributes)
		}
	}
}

var (
	outerHeading = regexp.MustCompile(`^ {3}([a-z]+)( "NAME")?$`)
	innerHeading = regexp.MustCompile(`^ {7}([a-z]+)( "NAME")? \{ ... \}$`)
	attribute    = regexp.MustCompile(`^( {7}| {14})([a-z_]+) = `)
)

// attributesOf are the attributes by block.
func attributesOf(text string) map[string][]string {
	found := map[string][]string{}
	var outer, inner string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := outerHeading.FindStringSubmatch(line); m != nil {
			outer = m[1]
			found[outer] = nil
		} else if m := innerHeading.FindStringSubmatch(line); m != nil {
			inner = m[1]
			found[inner] = nil
		} else if m := attribute.FindStringSubmatch(line); m != nil {
			block := outer
			if len(m[1]) > 7 {
				block = inner
			}
			found[block] = append(found[block], m[2])
		}
	}
	return found
}

// TestFunctions compares the functions of expressions with those of the language.
func TestFunctions(t *testing.T) {
	source, err := os.ReadFile("../spec/functions.go")
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`[a-z][a-z0-9]*`).FindAllString(section(page(t, "torpor.hcl.5"), "EXPRESSIONS"), -1)
	functions := regexp.MustCompile(`(?m)^\t\t"([a-z0-9]+)": +\S`).FindAllStringSubmatch(string(source), -1)
	if len(functions) < 40 {
		t.Fatalf("only %d functions found", len(functions))
	}
	for _, m := range functions {
		if !slices.Contains(words, m[1]) {
			t.Errorf("torpor.hcl(5) does not have the function %s", m[1])
		}
	}
}

// unmarked undoes what examples have of markup.
func unmarked(text string) string {
	return strings.NewReplacer(`\-`, "-", `\(aq`, "'").Replace(text)
}

var example = regexp.MustCompile(`(?s)\n\.nf\n(.*?)\n\.fi\n`)

// TestExamples loads the examples of torpor.hcl(5), with the folders that they take
// for granted.
func TestExamples(t *testing.T) {
	found := example.FindAllStringSubmatch(string(source(t, "torpor.hcl.5")), -1)
	if len(found) < 3 {
		t.Fatalf("%d examples found", len(found))
	}
	for _, m := range found {
		dir := t.TempDir()
		for _, file := range []string{"srv/thumbnails/usr/bin/python3", "srv/api/api", "var/cache/api/x", "secrets/token"} {
			path := filepath.Join(dir, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("x"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		hcl := strings.NewReplacer(`"/srv`, `"`+dir+`/srv`, `"/var`, `"`+dir+`/var`).Replace(unmarked(m[1]) + "\n")
		path := filepath.Join(dir, "f.hcl")
		if err := os.WriteFile(path, []byte(hcl), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, diags, _ := spec.Load(path); len(diags) > 0 {
			t.Errorf("%v in\n%s", diags, hcl)
		}
		if formatted, _ := spec.Format([]byte(hcl), path); string(formatted) != hcl {
			t.Errorf("not laid out canonically:\n%s", hcl)
		}
	}
}

// TestEvents has only events in torpor(1) that there are.
func TestEvents(t *testing.T) {
	m := regexp.MustCompile(`such as ([a-z, -]+) or ([a-z-]+)\.`).FindStringSubmatch(section(page(t, "torpor.1"), "JOURNAL"))
	if m == nil {
		t.Fatal("torpor(1) names no events")
	}
	for _, name := range append(split(m[1]), m[2]) {
		if !slices.ContainsFunc(event.All(), func(k *event.Kind) bool { return k.Name == name }) {
			t.Errorf("torpor(1) has the event %q", name)
		}
	}
}

// TestWidth keeps the lines that are not filled within a terminal of 80 columns.
func TestWidth(t *testing.T) {
	for _, p := range man.Pages() {
		for _, m := range example.FindAllStringSubmatch(string(p.Text), -1) {
			for line := range strings.Lines(unmarked(m[1])) {
				if indent := 14; len(strings.TrimSuffix(line, "\n"))+indent > 80 {
					t.Errorf("%s: too long: %s", p.FileName(), line)
				}
			}
		}
	}
}
