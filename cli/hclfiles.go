package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// hclFiles are the files that the daemon would read at path.
func hclFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	for _, pattern := range []string{"*.hcl", "*/*.hcl"} {
		found, err := fs.Glob(os.DirFS(path), pattern)
		if err != nil {
			return nil, fmt.Errorf("look for files in %s: %w", path, err)
		}
		for _, name := range found {
			if !hidden(name) {
				files = append(files, filepath.Join(path, name))
			}
		}
	}
	return files, nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }
