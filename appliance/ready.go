package appliance

import (
	"bufio"
	"net"
	"net/http"
)

// answersOK asks for path over HTTP and tells whether the answer was a good one.
func answersOK(conn net.Conn, path string) bool {
	req, err := http.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return false
	}
	req.Close = true
	if err := req.Write(conn); err != nil {
		return false
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode < http.StatusBadRequest
}
