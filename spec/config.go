package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Config is everything that a set of files says.
type Config struct {
	Node      Node
	Functions []Function // by name
	Dirs      []string   `json:"-"` // every folder to watch: absolute, sorted, all existed when read
}

// Hash tells two configurations apart by what they say: not by ranges, comments, order or Dirs.
func (c *Config) Hash() string { return hash(c) }

// Equal tells whether two configurations say the same.
func (c *Config) Equal(other *Config) bool { return c.Hash() == other.Hash() }

// hash is stable because encoding/json sorts map keys and leaves out the fields tagged "-", which are the
// ranges.
func hash(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("spec: hash: " + err.Error()) // the types of this package always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
