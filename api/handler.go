package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"

	"torpor/spec"
)

// maxLines of a function's output go out before what follows.
const maxLines = 1_000_000

type handler struct {
	daemon Daemon
	log    *slog.Logger
}

// reply is what one request gets: a value to send as JSON, or an error.
type reply func(r *http.Request) (any, error)

// NewHandler serves d. Failures that are neither ErrNoFunction nor ErrRefused
// are logged too.
func NewHandler(d Daemon, log *slog.Logger) http.Handler {
	h := &handler{daemon: d, log: log}
	mux := http.NewServeMux()
	mux.Handle("GET /v1/status", h.json(h.status))
	mux.Handle("GET /v1/plan", h.json(h.plan))
	mux.Handle("POST /v1/reload", h.json(h.reload))
	mux.Handle("POST /v1/functions/{name}/{verb}", h.json(h.act))
	mux.Handle("GET /v1/functions/{name}/why", h.json(h.why))
	mux.HandleFunc("GET /v1/functions/{name}/logs", h.logs)
	return withoutBody(mux)
}

// withoutBody refuses bodies before anything reads them.
func withoutBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
			send(w, http.StatusRequestEntityTooLarge, failure{Sentence: "requests have no body"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *handler) json(answer reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value, err := answer(r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		send(w, http.StatusOK, value)
	})
}

func (h *handler) status(r *http.Request) (any, error) {
	s, err := h.daemon.Status(r.Context())
	if s.Functions == nil {
		s.Functions = []Function{} // a list for whoever reads it, also when it is empty
	}
	return s, err
}

func (h *handler) why(r *http.Request) (any, error) {
	return h.daemon.Why(r.Context(), r.PathValue("name"))
}

func (h *handler) plan(r *http.Request) (any, error) {
	path := r.FormValue("path")
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("the path has to be absolute, not %q: %w", path, errBadRequest)
	}
	return h.daemon.Plan(r.Context(), path)
}

func (h *handler) reload(r *http.Request) (any, error) {
	reload, err := h.daemon.Reload(r.Context())
	if reload.Diagnostics == nil {
		reload.Diagnostics = []spec.Diagnostic{}
	}
	return reload, err
}

// done is the reply to a verb.
type done struct {
	Message string `json:"message"`
}

func (h *handler) act(r *http.Request) (any, error) {
	verb := Verb(r.PathValue("verb"))
	if !verb.known() {
		return nil, fmt.Errorf("no verb %q: %w", verb, errBadRequest)
	}
	message, err := h.daemon.Act(r.Context(), r.PathValue("name"), verb)
	return done{message}, err
}

// logs sends text as it comes; an error after the first of it goes in a trailer.
func (h *handler) logs(w http.ResponseWriter, r *http.Request) {
	lines, err := strconv.Atoi(r.FormValue("lines"))
	if err != nil || lines < 0 || lines > maxLines {
		h.fail(w, r, fmt.Errorf("lines has to be 0 to %d: %w", maxLines, errBadRequest))
		return
	}
	out := &stream{ResponseWriter: w, flush: http.NewResponseController(w).Flush}
	err = h.daemon.Logs(r.Context(), r.PathValue("name"), lines, r.FormValue("follow") == "true", out)
	switch {
	case err == nil || r.Context().Err() != nil:
	case out.begun:
		w.Header().Set(http.TrailerPrefix+errorTrailer, strconv.Quote(err.Error()))
	default:
		h.fail(w, r, err)
	}
}

func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError && r.Context().Err() == nil {
		h.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	send(w, status, failureOf(err))
}

// send has nobody to tell when the client has gone.
func send(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
