package image

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const dockerManifestName = "manifest.json"

// dockerSource finds the image for this machine in what "docker save" wrote.
func dockerSource(open opener) (source, error) {
	raw, err := readDocument(open, dockerManifestName)
	if err != nil {
		return source{}, err
	}
	var manifest tarball.Manifest
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return source{}, fmt.Errorf("parse %s: %w", dockerManifestName, err)
	}
	if len(manifest) > maxImages {
		return source{}, errTooMany
	}
	configs := make([][]byte, len(manifest))
	list := make([]candidate, len(manifest))
	for i, image := range manifest {
		if configs[i], err = readDocument(open, image.Config); err != nil {
			return source{}, err
		}
		config, err := v1.ParseConfigFile(bytes.NewReader(configs[i]))
		if err != nil {
			return source{}, fmt.Errorf("parse %s: %w", image.Config, err)
		}
		list[i] = candidate{strings.Join(image.RepoTags, " "), image.Config, config.Platform()}
	}
	i, err := choose(list)
	if err != nil {
		return source{}, err
	}
	var archives []func() (io.ReadCloser, error)
	for _, name := range manifest[i].Layers {
		archives = append(archives, func() (io.ReadCloser, error) {
			return uncompressed(func() (io.ReadCloser, error) { return open(name) })
		})
	}
	return newSource(configs[i], archives)
}
