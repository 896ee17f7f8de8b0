// Package man has torpor's manual pages, written by hand, as they are installed.
package man

import (
	"embed"
	"path"
	"strings"
)

//go:embed torpor.1 torpor.hcl.5
var pages embed.FS

// Page is one manual page.
type Page struct {
	Name    string // "torpor.hcl"
	Section string // "5"
	Text    []byte // for man(7)
}

// FileName is "torpor.hcl.5".
func (p Page) FileName() string { return p.Name + "." + p.Section }

// Pages are all of them.
func Pages() []Page {
	var all []Page
	for _, file := range []string{"torpor.1", "torpor.hcl.5"} {
		text, err := pages.ReadFile(file)
		if err != nil {
			panic("man: " + err.Error()) // it is part of the program
		}
		section := path.Ext(file)
		all = append(all, Page{Name: strings.TrimSuffix(file, section), Section: section[1:], Text: text})
	}
	return all
}
