package image

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// A testRegistry counts what is asked of it, and can be told to answer
// otherwise.
type testRegistry struct {
	server *httptest.Server
	blobs  atomic.Int64
	answer atomic.Pointer[func(w http.ResponseWriter, req *http.Request, usual http.Handler)]
}

func newRegistry(t *testing.T) *testRegistry {
	r := &testRegistry{}
	usual := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if isBlob(req) {
			r.blobs.Add(1)
		}
		if answer := r.answer.Load(); answer != nil {
			(*answer)(w, req, usual)
			return
		}
		usual.ServeHTTP(w, req)
	}))
	t.Cleanup(r.server.Close)
	return r
}

func isBlob(req *http.Request) bool {
	return req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/blobs/")
}

func (r *testRegistry) ref(image string) string {
	return strings.TrimPrefix(r.server.URL, "http://") + "/" + image
}

func (r *testRegistry) push(t *testing.T, image string, img v1.Image) {
	t.Helper()
	ref, err := name.ParseReference(r.ref(image))
	must(t, err)
	must(t, remote.Write(ref, img))
}

func (r *testRegistry) fail(status int) {
	answer := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(status) }
	r.answer.Store(&answer)
}

// stall makes the registry send half of each layer of img, signal it, and wait
// until the client is gone.
func (r *testRegistry) stall(t *testing.T, img v1.Image) (half <-chan struct{}) {
	t.Helper()
	layers, err := img.Layers()
	must(t, err)
	blobs := map[string][]byte{}
	for _, l := range layers {
		digest, err := l.Digest()
		must(t, err)
		compressed, err := l.Compressed()
		must(t, err)
		blobs[digest.String()], err = io.ReadAll(compressed)
		must(t, err)
	}
	sent := make(chan struct{}, 1)
	answer := func(w http.ResponseWriter, req *http.Request, usual http.Handler) {
		blob := blobs[path.Base(req.URL.Path)]
		if blob == nil || !isBlob(req) {
			usual.ServeHTTP(w, req)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(blob)))
		_, _ = w.Write(blob[:len(blob)/2])
		_ = http.NewResponseController(w).Flush()
		sent <- struct{}{}
		<-req.Context().Done()
	}
	r.answer.Store(&answer)
	return sent
}

func TestTagFollowsTheRegistry(t *testing.T) {
	r := newRegistry(t)
	r.push(t, "app:1", helloImage(t))
	s := newStore(t)
	first := rootOf(t, s, r.ref("app:1"))
	blobs := r.blobs.Load()
	if again := rootOf(t, s, r.ref("app:1")); again.Digest != first.Digest {
		t.Error("the same tag gave another image")
	}
	if fetched := r.blobs.Load() - blobs; fetched > 1 { // the configuration
		t.Errorf("%d blobs fetched for an image that was there", fetched)
	}
	r.push(t, "app:1", imageOf(t, tarOf(t, file("new", ""))))
	if moved := rootOf(t, s, r.ref("app:1")); moved.Digest == first.Digest {
		t.Error("the tag moved and the image did not")
	}
}

func TestPinnedImageNeedsNoRegistry(t *testing.T) {
	r := newRegistry(t)
	img := helloImage(t)
	r.push(t, "app:1", img)
	digest, err := img.Digest()
	must(t, err)
	ref := r.ref("app@" + digest.String())
	s := newStore(t)
	first := rootOf(t, s, ref)
	r.server.Close()
	if again := rootOf(t, s, ref); again.Path != first.Path || again.Warning != "" {
		t.Errorf("got %+v, want %+v", again, first)
	}
}

func TestUnreachableRegistry(t *testing.T) {
	for what, vanish := range map[string]func(*testRegistry){
		"closed":      func(r *testRegistry) { r.server.Close() },
		"unavailable": func(r *testRegistry) { r.fail(http.StatusServiceUnavailable) },
		"too busy":    func(r *testRegistry) { r.fail(http.StatusTooManyRequests) },
	} {
		t.Run(what, func(t *testing.T) {
			r := newRegistry(t)
			r.push(t, "app:1", helloImage(t))
			s := newStore(t)
			first := rootOf(t, s, r.ref("app:1"))
			vanish(r)
			again := rootOf(t, s, r.ref("app:1"))
			if again.Path != first.Path {
				t.Errorf("path %s, want %s", again.Path, first.Path)
			}
			if !strings.Contains(again.Warning, r.ref("app:1")) {
				t.Errorf("warning %q does not name the image", again.Warning)
			}
			_, err := s.Root(t.Context(), r.ref("app:2"))
			wantError(t, err, r.ref("app:2"), "check the network")
		})
	}
}

func TestRegistryThatSaysNo(t *testing.T) {
	for status, says := range map[int]string{
		http.StatusNotFound:     "check the name and the tag",
		http.StatusUnauthorized: "docker login",
		http.StatusForbidden:    "docker login",
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			r := newRegistry(t)
			r.push(t, "app:1", helloImage(t))
			s := newStore(t)
			rootOf(t, s, r.ref("app:1"))
			r.fail(status)
			_, err := s.Root(t.Context(), r.ref("app:1"))
			wantError(t, err, r.ref("app:1"), says)
		})
	}
}

func TestRegistryIndex(t *testing.T) {
	r := newRegistry(t)
	add := func(architecture string, img v1.Image) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "linux", Architecture: architecture}}}
	}
	other := imageFor(t, "s390x", tarOf(t, file("other", "")))
	index := mutate.AppendManifests(empty.Index, add("s390x", other), add(platform().Architecture, helloImage(t)))
	ref, err := name.ParseReference(r.ref("app:many"))
	must(t, err)
	must(t, remote.WriteIndex(ref, index))
	if got := content(t, rootOf(t, newStore(t), r.ref("app:many")).Path, "srv/hello"); got != "hello\n" {
		t.Errorf("srv/hello holds %q", got)
	}

	ref, err = name.ParseReference(r.ref("app:none"))
	must(t, err)
	must(t, remote.WriteIndex(ref, mutate.AppendManifests(empty.Index, add("s390x", other))))
	_, err = newStore(t).Root(t.Context(), r.ref("app:none"))
	wantError(t, err, "no image for linux/"+platform().Architecture, "linux/s390x")
}
