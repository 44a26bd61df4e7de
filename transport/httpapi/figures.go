package httpapi

import "sync/atomic"

// Figures is what went through the listener since it was made.
type Figures struct {
	// Requests counts the answers of each mount by the class of their status, from
	// 1xx to 5xx; "" is what is not there.
	Requests map[string][5]uint64
	Limited  uint64 // of them, refused because their client made too many
	Crowded  uint64 // connections closed at once because their client had too many
}

// Figures counts requests and refusals.
func (s *Server) Figures() Figures {
	f := Figures{Requests: make(map[string][5]uint64, len(s.served)), Crowded: s.places.Refused()}
	for mount, c := range s.served {
		var n [5]uint64
		for i := range c {
			n[i] = c[i].Load()
		}
		f.Requests[mount] = n
	}
	if s.calls != nil {
		f.Limited = s.calls.Refused()
	}
	return f
}

// classes counts answers by the first digit of their status.
type classes [5]atomic.Uint64

func (c *classes) count(status int) {
	if i := status/100 - 1; i >= 0 && i < len(c) {
		c[i].Add(1)
	}
}
