package modem

import (
	"sync"

	"github.com/postel-mail/postel/smsengine"
)

// state is how the modem is, as last seen, and its line if texts can be sent.
type state struct {
	mu   sync.Mutex
	line *line         // nil: no text can be sent
	up   chan struct{} // closed while line is there
}

func newState() *state { return &state{up: make(chan struct{})} }

func (s *state) ready() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up
}

func (s *state) health() smsengine.Health { return smsengine.Health{} }
