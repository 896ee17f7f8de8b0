package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A source is an image before it is unpacked, wherever it comes from.
type source struct {
	digest string // of the raw configuration
	config v1.Config
	layers []layer // the lowest first
}

// A layer is a tar archive, and the digest it must turn out to have.
type layer struct {
	diffID v1.Hash
	open   func() (io.ReadCloser, error)
}

// newSource pairs a configuration with the archives of its layers.
func newSource(rawConfig []byte, archives []func() (io.ReadCloser, error)) (source, error) {
	digest, _, err := v1.SHA256(bytes.NewReader(rawConfig))
	if err != nil {
		return source{}, fmt.Errorf("hash the configuration: %w", err)
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(rawConfig))
	if err != nil {
		return source{}, fmt.Errorf("parse the configuration: %w", err)
	}
	if len(config.RootFS.DiffIDs) != len(archives) {
		return source{}, fmt.Errorf("the configuration names %d layers, the manifest %d: not a container image",
			len(config.RootFS.DiffIDs), len(archives))
	}
	if p := config.Platform(); p != nil && known(p) && !p.Satisfies(platform()) {
		return source{}, fmt.Errorf("made for %s, this machine is %s: get the image for this platform", p, platform())
	}
	src := source{digest: digest.String(), config: config.Config}
	for i, open := range archives {
		src.layers = append(src.layers, layer{config.RootFS.DiffIDs[i], open})
	}
	return src, nil
}

// uncompressed opens a layer's blob, which may be gzip, zstd or plain tar.
func uncompressed(open func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	l, err := partial.CompressedToLayer(blob{open})
	if err != nil {
		return nil, err
	}
	return l.Uncompressed()
}

// A blob is as much of a compressed layer as uncompressing it takes.
type blob struct {
	open func() (io.ReadCloser, error)
}

var errOnlyContent = errors.New("only the content is known")

func (b blob) Compressed() (io.ReadCloser, error)  { return b.open() }
func (b blob) Digest() (v1.Hash, error)            { return v1.Hash{}, errOnlyContent }
func (b blob) Size() (int64, error)                { return 0, errOnlyContent }
func (b blob) MediaType() (types.MediaType, error) { return "", errOnlyContent }
