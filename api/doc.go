// Package api is the admin API: HTTP with JSON on the Unix socket
// RUNTIME/torpor.sock, which only root can open.
//
// The daemon implements Daemon; NewHandler serves it; Client speaks to it and
// has the same methods. All of these may be called concurrently.
//
//	GET  /v1/status
//	GET  /v1/plan?path=DIR
//	POST /v1/reload
//	POST /v1/functions/NAME/VERB
//	GET  /v1/functions/NAME/why
//	GET  /v1/functions/NAME/logs?lines=N&follow=true
//
// Sizes are bytes, times in JSON have their unit in the name. An error crosses
// the socket as its sentence: the client's error reads like the daemon's, and
// errors.Is still finds ErrNoFunction and ErrRefused in it. Requests have no
// body; one that has is refused.
//
// One daemon at a time owns a runtime folder: Lock holds it, and Listen does so
// for as long as the listener is open.
//
// The package imports spec only; the daemon and the command line import it.
package api
