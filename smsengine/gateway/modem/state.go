package modem

import (
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// state is how the modem is, as last seen, and its line if texts can be sent.
type state struct {
	mu       sync.Mutex
	line     *line         // nil: no text can be sent
	up       chan struct{} // closed while line is there
	alarms   map[string]smsengine.Alarm
	memories map[string]usage
}

// usage is how full a memory is.
type usage struct{ used, total int }

func newState() *state {
	return &state{
		up:     make(chan struct{}),
		alarms: make(map[string]smsengine.Alarm), memories: make(map[string]usage),
	}
}

func (s *state) ready() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up
}

// raise begins an alarm, or changes its text.
func (s *state) raise(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, is := s.alarms[name]
	if !is {
		a = smsengine.Alarm{Name: name, Since: time.Now()}
	}
	a.Text = text
	s.alarms[name] = a
}

// clear ends an alarm, if there is one.
func (s *state) clear(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.alarms, name)
}

// memory notes how full a memory is; a total of 0 or less is not known.
func (s *state) memory(name string, used, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memories[name] = usage{used, total}
}

func (s *state) health() smsengine.Health { return smsengine.Health{} }
