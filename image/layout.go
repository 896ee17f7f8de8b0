package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	indexName = "index.json"

	// What torpor reads of an image into memory: indexes, manifests and
	// configurations. Registries refuse bigger ones too.
	maxDocument = 8 << 20
)

// An opener opens a file of a layout or an archive; a name that is not there is
// an fs.ErrNotExist.
type opener func(name string) (io.ReadCloser, error)

// layoutSource finds the image for this machine in an OCI layout.
func layoutSource(open opener) (source, error) {
	raw, err := readDocument(open, indexName)
	if err != nil {
		return source{}, err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return source{}, fmt.Errorf("parse %s: %w", indexName, err)
	}
	images, err := flatten(index, open.index)
	if err != nil {
		return source{}, err
	}
	list := make([]candidate, len(images))
	for i, d := range images {
		list[i] = asCandidate(d)
		if d.Platform == nil && len(images) > 1 {
			if list[i].platform, err = open.platform(d.Digest); err != nil {
				return source{}, err
			}
		}
	}
	i, err := choose(list)
	if err != nil {
		return source{}, err
	}
	return open.image(images[i].Digest)
}

// image returns the image of a manifest's digest.
func (open opener) image(digest v1.Hash) (source, error) {
	manifest, config, err := open.manifest(digest)
	if err != nil {
		return source{}, err
	}
	var archives []func() (io.ReadCloser, error)
	for _, l := range manifest.Layers {
		archives = append(archives, func() (io.ReadCloser, error) {
			return uncompressed(func() (io.ReadCloser, error) { return open(blobName(l.Digest)) })
		})
	}
	return newSource(config, archives)
}

// platform reads from an image's configuration what its descriptor left out.
func (open opener) platform(digest v1.Hash) (*v1.Platform, error) {
	_, raw, err := open.manifest(digest)
	if err != nil {
		return nil, err
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("parse the configuration: %w", err)
	}
	return config.Platform(), nil
}

func (open opener) manifest(digest v1.Hash) (manifest *v1.Manifest, config []byte, err error) {
	raw, err := open.blob(digest)
	if err != nil {
		return nil, nil, err
	}
	manifest, err = v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, nil, fmt.Errorf("parse manifest %s: %w", digest, err)
	}
	config, err = open.blob(manifest.Config.Digest)
	return manifest, config, err
}

func (open opener) index(digest v1.Hash) (*v1.IndexManifest, error) {
	raw, err := open.blob(digest)
	if err != nil {
		return nil, err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("parse index %s: %w", digest, err)
	}
	return index, nil
}

// blob reads a small blob and checks it against its digest.
func (open opener) blob(digest v1.Hash) ([]byte, error) {
	raw, err := readDocument(open, blobName(digest))
	if err != nil {
		return nil, err
	}
	sum, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("hash %s: %w", digest, err)
	}
	if sum != digest {
		return nil, fmt.Errorf("blob %s is corrupt, its digest is %s: copy or download the image again", digest, sum)
	}
	return raw, nil
}

// blobName relies on v1.Hash having checked its two parts when it was parsed.
func blobName(digest v1.Hash) string {
	return "blobs/" + digest.Algorithm + "/" + digest.Hex
}

func readDocument(open opener, name string) ([]byte, error) {
	r, err := open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: copy or download the image again: %w", name, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(raw) > maxDocument {
		return nil, fmt.Errorf("%s is bigger than %d MiB: not a container image", name, maxDocument>>20)
	}
	return raw, nil
}
