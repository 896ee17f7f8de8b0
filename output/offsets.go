package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const offsetsVersion = 1

// offsets is what is kept of all cursors for the next Run.
type offsets struct {
	Version   int               `json:"version"`
	Functions map[string]offset `json:"functions"`
}

type offset struct {
	Inode uint64 `json:"inode"`
	Born  int64  `json:"born"`
	Told  int64  `json:"told"`
	Cut   bool   `json:"cut"`
}

func loadOffsets(dir string) (map[string]*cursor, error) {
	cursors := map[string]*cursor{}
	data, err := os.ReadFile(offsetsPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return cursors, nil
	}
	if err != nil {
		return cursors, err
	}
	var saved offsets
	if err := json.Unmarshal(data, &saved); err != nil {
		return cursors, fmt.Errorf("parse offsets: %w", err)
	}
	if saved.Version != offsetsVersion {
		return cursors, fmt.Errorf("offsets of version %d, not %d", saved.Version, offsetsVersion)
	}
	for name, o := range saved.Functions {
		cursors[name] = &cursor{
			reader: reader{told: o.Told, cut: o.Cut},
			file:   identity{inode: o.Inode, born: o.Born},
		}
	}
	return cursors, nil
}

// saveOffsets replaces the file in one step. It is not synced: a kill loses
// nothing, and after a power cut lines told twice cost less than a wait for
// the disk each second.
func saveOffsets(dir string, cursors map[string]*cursor) error {
	saved := offsets{Version: offsetsVersion, Functions: map[string]offset{}}
	for name, c := range cursors {
		saved.Functions[name] = offset{Inode: c.file.inode, Born: c.file.born, Told: c.told, Cut: c.cut}
	}
	data, err := json.Marshal(saved)
	if err != nil {
		return err
	}
	path := offsetsPath(dir)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func offsetsPath(dir string) string { return filepath.Join(dir, "offsets.json") }
