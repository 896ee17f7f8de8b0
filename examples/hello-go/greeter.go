package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"sync/atomic"
)

// greeter answers requests. Its start id tells one life of this process from the next.
type greeter struct {
	start    string
	state    *state
	requests atomic.Int64
}

// greeting is the body of a reply.
type greeting struct {
	Hello    string `json:"hello"`
	Start    string `json:"start"`
	Requests int64  `json:"requests"`
	Intact   bool   `json:"intact"` // the memory that was read for this reply is what it was
}

func newGreeter(mib int) *greeter {
	id := make([]byte, 8)
	rand.Read(id)
	return &greeter{start: hex.EncodeToString(id), state: newState(mib)}
}

func (g *greeter) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		n := g.requests.Add(1)
		g.reply(w, n, g.state.pageIntact(n))
	})
	mux.HandleFunc("GET /check", func(w http.ResponseWriter, _ *http.Request) {
		g.reply(w, g.requests.Add(1), g.state.intact())
	})
	return mux
}

func (g *greeter) reply(w http.ResponseWriter, n int64, intact bool) {
	w.Header().Set("Content-Type", "application/json")
	// An error here means that the client has gone.
	_ = json.NewEncoder(w).Encode(greeting{Hello: "go", Start: g.start, Requests: n, Intact: intact})
}
