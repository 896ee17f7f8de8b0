package image

import (
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	maxImages = 256 // of one index, with the indexes in it and all they list

	refNameAnnotation = "org.opencontainers.image.ref.name"
	nameAnnotation    = "io.containerd.image.name"
)

var errTooMany = fmt.Errorf("holds more than %d images: keep the one that is needed", maxImages)

// flatten returns the images of an index and of the indexes in it.
func flatten(index *v1.IndexManifest, open func(v1.Hash) (*v1.IndexManifest, error)) ([]v1.Descriptor, error) {
	var images []v1.Descriptor
	todo := index.Manifests
	for range maxImages + 1 {
		if len(todo) == 0 {
			return images, nil
		}
		d := todo[0]
		todo = todo[1:]
		switch {
		case d.MediaType.IsIndex():
			inner, err := open(d.Digest)
			if err != nil {
				return nil, err
			}
			todo = append(slices.Clip(todo), inner.Manifests...)
		case isImage(d):
			images = append(images, d)
		}
	}
	return nil, errTooMany
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
