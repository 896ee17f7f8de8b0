// Hello-go says hello, and how often it has done so since it started. It keeps nothing else in memory.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

func main() {
	id := make([]byte, 8)
	rand.Read(id)
	start := hex.EncodeToString(id) // tells one life of this process from the next
	var requests atomic.Int64
	http.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// An error here means that the client has gone.
		_ = json.NewEncoder(w).Encode(map[string]any{"hello": "go", "start": start, "requests": requests.Add(1)})
	})
	log.Fatal(http.ListenAndServe(net.JoinHostPort(env("HOST", "127.0.0.1"), env("PORT", "8080")), nil))
}

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
