package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const pointersName = "refs"

// A pointer remembers which image a reference led to.
type pointer struct {
	Version int    `json:"version"`
	Ref     string `json:"ref"`
	Stamp   string `json:"stamp,omitempty"` // what the file looked like; empty for registries
	Digest  string `json:"digest"`
}

func (s *Store) pointerPath(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return filepath.Join(s.dir, pointersName, hex.EncodeToString(sum[:]))
}

// recall returns the unpacked image that ref led to when it had this stamp. A
// pointer that cannot be read is no pointer.
func (s *Store) recall(ref, stamp string) (root Root, found bool) {
	p, err := readPointer(s.pointerPath(ref))
	if err != nil || p.Ref != ref || p.Stamp != stamp {
		return Root{}, false
	}
	root, found, err = s.load(p.Digest)
	return root, found && err == nil
}

// remember makes recall find the image next time.
func (s *Store) remember(ref, stamp, digest string) error {
	s.pointers.Lock()
	defer s.pointers.Unlock()
	p := pointer{Version: formatVersion, Ref: ref, Stamp: stamp, Digest: digest}
	path := s.pointerPath(ref)
	if old, err := readPointer(path); err == nil && old == p {
		return nil
	}
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("remember the image's digest: %w", err)
	}
	if err := writeAtomic(path, data); err != nil {
		return s.explain(fmt.Errorf("remember the image's digest: %w", err))
	}
	return nil
}

func readPointer(path string) (pointer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return pointer{}, err
	}
	var p pointer
	if err := json.Unmarshal(data, &p); err != nil {
		return pointer{}, err
	}
	if p.Version != formatVersion {
		return pointer{}, errors.New("made by another version")
	}
	return p, nil
}

func writeAtomic(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, partialPrefix)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails, as it should, once it is renamed
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
