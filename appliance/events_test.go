package appliance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"torpor/event"
)

// TestEventsAreLogged reads the source of who logs events: each kind is logged
// somewhere, and where it is there are attributes for all of its fields.
func TestEventsAreLogged(t *testing.T) {
	logged := make(map[string]bool)
	for _, f := range loggingFunctions(t) {
		kinds, words := eventsIn(f)
		for _, name := range kinds {
			logged[name] = true
			k := kindNamed(t, name)
			for _, field := range k.Fields {
				if !hasKeyFor(words, field) {
					t.Errorf("%s logs event.%s without an attribute for TORPOR_%s", f.Name, name, field)
				}
			}
		}
	}
	for _, k := range event.All() {
		if !logged[goName(k)] {
			t.Errorf("nothing logs %s", k)
		}
	}
}

func loggingFunctions(t *testing.T) (all []*ast.FuncDecl) {
	own, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := filepath.Glob("../gateway/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(own, gateway...) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				all = append(all, f)
			}
		}
	}
	return all
}

// eventsIn returns the events that a function names, and what it has in quotes,
// besides "function" if it logs by a function's own logger.
func eventsIn(f *ast.FuncDecl) (kinds []string, words map[string]bool) {
	words = make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			switch {
			case ok && x.Name == "event" && n.Sel.Name != "Bytes" && n.Sel.Name != "FromOutput":
				kinds = append(kinds, n.Sel.Name)
			case ok && (x.Name == "f" || x.Name == "r") && n.Sel.Name == "log":
				words["function"] = true
			}
		case *ast.BasicLit:
			if word, err := strconv.Unquote(n.Value); err == nil {
				words[word] = true
			}
		}
		return true
	})
	return kinds, words
}

// hasKeyFor tells whether one of words is the key of an attribute that becomes
// this field.
func hasKeyFor(words map[string]bool, field string) bool {
	switch field {
	case "MS":
		return words["took"]
	case "BYTES":
		return words["keeps"]
	}
	key := strings.ToLower(field)
	return words[key] || words[strings.TrimSuffix(key, "_ms")] || words[strings.TrimSuffix(key, "_bytes")]
}

func kindNamed(t *testing.T, name string) *event.Kind {
	for _, k := range event.All() {
		if goName(k) == name {
			return k
		}
	}
	t.Fatalf("event.%s has another name in the log", name)
	return nil
}

// goName is the variable that a kind is in: "first-reply" is FirstReply.
func goName(k *event.Kind) string {
	var b strings.Builder
	for word := range strings.SplitSeq(k.Name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
