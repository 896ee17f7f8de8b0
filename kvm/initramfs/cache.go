package initramfs

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Cache keeps the archives of Build in memory, for each kernel and set of modules. They are made again when
// the modules' list has changed, as after an upgrade of the kernel's package. Its zero value is empty. It may
// be used by any number of goroutines.
type Cache struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// Build is like the function, but for what it has kept. Callers must not change what it returns. init has to be
// the same in all calls.
func (c *Cache) Build(k Kernel, wants []Want, init []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := k.key(wants)
	if data, ok := c.kept[key]; ok {
		return data, nil
	}
	data, err := Build(k, wants, init)
	if err != nil {
		return nil, err
	}
	if c.kept == nil {
		c.kept = map[string][]byte{}
	}
	c.kept[key] = data
	return data, nil
}

// key is different when the modules may be.
func (k Kernel) key(wants []Want) string {
	key := fmt.Sprintf("%s %s %v", k.Release, k.folder(), wants)
	if info, err := os.Stat(filepath.Join(k.folder(), "modules.dep")); err == nil {
		key += fmt.Sprintf(" %d %d", info.Size(), info.ModTime().UnixNano())
	}
	return key
}
