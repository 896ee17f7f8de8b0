package api

import "net/http"

// errorTrailer has the quoted error that ended a stream.
const errorTrailer = "Torpor-Error"

// stream sends each write at once.
type stream struct {
	http.ResponseWriter
	flush func() error
	begun bool
}

func (s *stream) Write(p []byte) (int, error) {
	s.begun = true
	n, err := s.ResponseWriter.Write(p)
	if err == nil {
		err = s.flush()
	}
	return n, err
}
