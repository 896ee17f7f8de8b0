package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const lookupTimeout = 30 * time.Second

var errNoAnswer = fmt.Errorf("the registry did not answer within %v", lookupTimeout)

// fromRegistry returns the root of an image in a registry.
func (s *Store) fromRegistry(ctx context.Context, ref string) (Root, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return Root{}, fmt.Errorf("parse the reference: %w (a file is named with a leading / or ./)", err)
	}
	before, found := s.recall(parsed.Name(), "")
	if _, pinned := parsed.(name.Digest); pinned && found {
		return before, nil
	}
	root, err := s.pull(ctx, parsed)
	if err != nil && found && ctx.Err() == nil && unreachable(err) {
		before.Warning = fmt.Sprintf("using the image that %q named before, because its registry cannot be reached: %v", ref, err)
		return before, nil
	}
	if err != nil {
		return Root{}, advise(ref, err)
	}
	return root, s.remember(parsed.Name(), "", root.Digest)
}

// pull asks the registry what ref is and unpacks that, if it is not there yet.
// Only the answer has a timeout: how long layers take is for the caller to say.
func (s *Store) pull(ctx context.Context, ref name.Reference) (Root, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(lookupTimeout, func() { cancel(errNoAnswer) })
	defer late.Stop()
	src, err := lookUp(ctx, ref)
	late.Stop()
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return Root{}, fmt.Errorf("look up the image: %w", cause)
		}
		return Root{}, fmt.Errorf("look up the image: %w", err)
	}
	return s.unpackOnce(ctx, src)
}

func lookUp(ctx context.Context, ref name.Reference) (source, error) {
	options := []remote.Option{
		remote.WithContext(ctx),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithRetryBackoff(remote.Backoff{ // short: a function may be waiting, an older image at hand
			Duration: 100 * time.Millisecond, Factor: 3, Jitter: 0.1, Steps: 3,
		}),
	}
	found, err := remote.Get(ref, options...)
	if err != nil {
		return source{}, err
	}
	if found.MediaType.IsIndex() {
		found, err = lookUpIn(found, ref.Context(), options)
		if err != nil {
			return source{}, err
		}
	}
	img, err := found.Image()
	if err != nil {
		return source{}, err
	}
	return remoteSource(img)
}

// lookUpIn finds the image for this machine in an index.
func lookUpIn(found *remote.Descriptor, repo name.Repository, options []remote.Option) (*remote.Descriptor, error) {
	outer, err := found.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := outer.IndexManifest()
	if err != nil {
		return nil, err
	}
	images, err := flatten(manifest, func(digest v1.Hash) (*v1.IndexManifest, error) {
		inner, err := remote.Index(repo.Digest(digest.String()), options...)
		if err != nil {
			return nil, err
		}
		return inner.IndexManifest()
	})
	if err != nil {
		return nil, err
	}
	list := make([]candidate, len(images))
	for i, d := range images {
		list[i] = asCandidate(d)
	}
	i, err := choose(list)
	if err != nil {
		return nil, err
	}
	return remote.Get(repo.Digest(list[i].digest), options...)
}

func remoteSource(img v1.Image) (source, error) {
	config, err := img.RawConfigFile()
	if err != nil {
		return source{}, err
	}
	layers, err := img.Layers()
	if err != nil {
		return source{}, err
	}
	var archives []func() (io.ReadCloser, error)
	for _, l := range layers {
		archives = append(archives, l.Uncompressed)
	}
	return newSource(config, archives)
}

// unreachable tells a registry that is not there, or has trouble of its own,
// from one that says no.
func unreachable(err error) bool {
	if answer, ok := errors.AsType[*transport.Error](err); ok {
		return answer.StatusCode >= http.StatusInternalServerError ||
			answer.StatusCode == http.StatusTooManyRequests ||
			answer.StatusCode == http.StatusRequestTimeout
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, errNoAnswer)
}

// advise adds what to do about err.
func advise(ref string, err error) error {
	advice := ""
	answer, answered := errors.AsType[*transport.Error](err)
	switch {
	case unreachable(err):
		advice = "check the network, or use an image archive"
	case answered && answer.StatusCode == http.StatusNotFound:
		advice = "check the name and the tag"
	case answered && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden):
		advice = "check the name, and log in with docker login as the user that runs torpor"
	default:
		return err
	}
	if _, err := os.Stat(ref); err == nil {
		advice = "for the file of that name write ./" + ref
	}
	return fmt.Errorf("%w: %s", err, advice)
}
