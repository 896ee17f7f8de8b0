package image

import (
	"errors"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// BuildKit writes an index in an index, with an attestation beside the image.
func TestNestedIndexWithAttestation(t *testing.T) {
	on := func(os, architecture string, img v1.Image) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: os, Architecture: architecture}}}
	}
	attestation := imageFor(t, "unknown", tarOf(t, file("attestation", "")))
	nested := mutate.AppendManifests(empty.Index,
		on("unknown", "unknown", attestation), on("linux", platform().Architecture, helloImage(t)))
	path := t.TempDir()
	p, err := layout.Write(path, empty.Index)
	must(t, err)
	must(t, p.AppendIndex(nested))
	for _, ref := range []string{path, writeArchive(t, path)} {
		if got := content(t, rootOf(t, newStore(t), ref).Path, "srv/hello"); got != "hello\n" {
			t.Errorf("%s: srv/hello holds %q", ref, got)
		}
	}
}

func TestEmptyIndex(t *testing.T) {
	path := t.TempDir()
	_, err := layout.Write(path, empty.Index)
	must(t, err)
	_, err = newStore(t).Root(t.Context(), path)
	wantError(t, err, path, "holds no image")
}

func TestIndexInItself(t *testing.T) {
	again := v1.Descriptor{MediaType: types.OCIImageIndex}
	self := &v1.IndexManifest{Manifests: []v1.Descriptor{again, again, again}}
	_, err := flatten(self, func(v1.Hash) (*v1.IndexManifest, error) { return self, nil })
	if !errors.Is(err, errTooMany) {
		t.Errorf("error is %v, want %v", err, errTooMany)
	}
}

func TestChoosePrefersThePlainVariant(t *testing.T) {
	plain, special := platform(), platform()
	special.Variant = "v9"
	i, err := choose([]candidate{
		{digest: "sha256:a", platform: &special},
		{digest: "sha256:b", platform: &plain},
		{digest: "sha256:b", platform: &plain, name: "again"},
	})
	if i != 1 || err != nil {
		t.Errorf("chose %d, %v, want 1", i, err)
	}
}
