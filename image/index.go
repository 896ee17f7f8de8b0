package image

import (
	"errors"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	maxIndexDepth = 4
	maxImages     = 1000

	refNameAnnotation = "org.opencontainers.image.ref.name"
	nameAnnotation    = "io.containerd.image.name"
)

// flatten returns the images of an index and of the indexes in it.
func flatten(index *v1.IndexManifest, open func(v1.Hash) (*v1.IndexManifest, error)) ([]v1.Descriptor, error) {
	return flattenAt(0, index.Manifests, open)
}

func flattenAt(depth int, list []v1.Descriptor, open func(v1.Hash) (*v1.IndexManifest, error)) ([]v1.Descriptor, error) {
	if depth == maxIndexDepth {
		return nil, errors.New("indexes are nested too deeply")
	}
	var images []v1.Descriptor
	for _, d := range list {
		switch {
		case d.MediaType.IsIndex():
			index, err := open(d.Digest)
			if err != nil {
				return nil, err
			}
			inner, err := flattenAt(depth+1, index.Manifests, open)
			if err != nil {
				return nil, err
			}
			images = append(images, inner...)
		case isImage(d):
			images = append(images, d)
		}
		if len(images) > maxImages {
			return nil, errors.New("holds too many images")
		}
	}
	return images, nil
}

// isImage leaves out the attestations that BuildKit stores like images.
func isImage(d v1.Descriptor) bool {
	return d.MediaType.IsImage() && (d.Platform == nil || d.Platform.OS != "unknown")
}

func asCandidate(d v1.Descriptor) candidate {
	name := d.Annotations[nameAnnotation]
	if name == "" {
		name = d.Annotations[refNameAnnotation]
	}
	return candidate{name: name, digest: d.Digest.String(), platform: d.Platform}
}
