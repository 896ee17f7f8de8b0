package gateway

import (
	"io"
	"time"
)

const (
	farewellTime  = time.Second // to let a client notice that it is closed
	farewellBytes = 256 << 10   // that a client may still send then
	maxFarewells  = 1000        // refused clients of one route that are waited for at once
	deliveryTime  = 10 * time.Second
)

// farewell sends FIN to a client that is to be closed next, and waits for the
// client's for a while. Unread bytes would make the kernel send a reset, which
// could overtake the last reply: they are read away first.
func farewell(client Stream, wait time.Duration) {
	_ = client.CloseWrite()
	_ = client.SetReadDeadline(time.Now().Add(wait))
	_, _ = io.CopyN(io.Discard, client, farewellBytes)
}
