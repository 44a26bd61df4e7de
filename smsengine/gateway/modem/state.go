package modem

import (
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// state is how the modem is, as last seen, and its line if texts can be sent.
type state struct {
	policy Roaming
	device string

	mu       sync.Mutex
	line     *line         // nil: no text can be sent
	up       chan struct{} // closed while line is there
	alarms   map[string]smsengine.Alarm
	memories map[string]usage
	facts    facts
}

// facts are what is known of the modem and its SIM card.
type facts struct {
	line  *line  // initialised, whatever the network; nil between two of them
	phase string // what is being done or waited for while there is none
	held  string // why no text is tried for a while; empty: nothing is held back

	maker, model, firmware, imei string
	card                         at.PIN // "" if not known
	iccid                        string
	tries                        int // that are left for the PIN; -1 if not known

	network    at.Registration
	networks   bool      // it was told
	searching  time.Time // since when there has been no network
	operator   at.Operator
	signal     at.Signal
	balance    float64
	hasBalance bool

	reopened, restarted int
	seen                time.Time // its last answer
}

// forget drops what is true of an open port only.
func (f *facts) forget() {
	f.line, f.held, f.card, f.tries = nil, "", "", -1
	f.network, f.networks, f.operator = at.Registration{}, false, at.Operator{Access: -1}
	f.signal = at.Signal{RSSI: unknownSignal}
}

// usage is how full a memory is.
type usage struct{ used, total int }

func newState(c Config) *state {
	s := &state{
		policy: c.Roaming, device: c.Device, up: make(chan struct{}),
		alarms: make(map[string]smsengine.Alarm), memories: make(map[string]usage),
		facts: facts{phase: "not opened yet"},
	}
	s.facts.forget()
	return s
}

// unknownSignal is what AT+CSQ says where nothing is known.
const unknownSignal = 99

func (s *state) ready() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up
}

// learn notes something, after which the modem may be ready, or not any more.
func (s *state) learn(change func(*facts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.facts)
	usable := s.facts.line
	if s.hindrance() != "" {
		usable = nil
	}
	if s.line != nil && usable == nil {
		s.up = make(chan struct{})
	}
	if s.line == nil && usable != nil {
		close(s.up)
	}
	s.line = usable
}

// know gives what is known.
func (s *state) know() facts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.facts
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

// clear ends alarms, as far as there are any.
func (s *state) clear(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		delete(s.alarms, name)
	}
}

// memory notes how full a memory is; a total of 0 or less is not known.
func (s *state) memory(name string, used, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memories[name] = usage{used, total}
}
