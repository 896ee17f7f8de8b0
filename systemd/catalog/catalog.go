// Package catalog is torpor.catalog: what the entries of torpor's log mean, for
// "journalctl -x" (systemd's message catalog). Installed, it is a file in
// /usr/lib/systemd/catalog, after which "journalctl --update-catalog" is run.
package catalog

import _ "embed"

// Text is the file.
//
//go:embed torpor.catalog
var Text string
