package modem

import (
	"slices"
	"sync"
)

// How often a SIM lets one guess (TS 31.101 §9.5.1).
const (
	pinTries = 3
	pukTries = 10
)

// SIM is a SIM card. It remembers what a card remembers when it is without
// power: texts, wrong PINs, the last message reference. One card is in one modem
// at a time, and can be moved from a modem that is off to another.
type SIM struct {
	// These are set before the card is used.
	PIN, PUK string // no PIN: the card asks for none
	ICCID    string
	IMSI     string
	Number   string // its own, as +CNUM tells; may be unknown
	SMSC     string // the service centre's number

	mu       sync.Mutex
	texts    *store
	pinLeft  int
	pukLeft  int
	attempts []string
	mr       byte // EFsmss (TS 31.102 §4.2.9)
}

// NewSIM makes a card with room for so many texts, which asks for a PIN unless
// it is "".
func NewSIM(pin string, size int) *SIM {
	return &SIM{
		PIN: pin, PUK: "12345678", ICCID: "8988303000000614227", IMSI: "001010123456789",
		Number: "+15555550100", SMSC: "+15555550199",
		texts: newStore(size), pinLeft: pinTries, pukLeft: pukTries,
	}
}

// Attempts are all PINs and PUKs that were ever tried, right or wrong.
func (s *SIM) Attempts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.attempts)
}

// Left tells how often the PIN and the PUK may still be tried.
func (s *SIM) Left() (pin, puk int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pinLeft, s.pukLeft
}

// verify tries a PIN.
func (s *SIM) verify(pin string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, pin)
	if s.pinLeft > 0 && pin == s.PIN {
		s.pinLeft = pinTries
		return true
	}
	s.pinLeft = max(0, s.pinLeft-1)
	return false
}

// unblock tries the PUK, and sets a new PIN.
func (s *SIM) unblock(puk, pin string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, puk)
	if s.pukLeft > 0 && puk == s.PUK {
		s.PIN, s.pinLeft, s.pukLeft = pin, pinTries, pukTries
		return true
	}
	s.pukLeft = max(0, s.pukLeft-1)
	return false
}

// reference counts the texts that were sent, round and round.
func (s *SIM) reference() byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mr++
	return s.mr
}

// lock is what the SIM waits for.
type lock int

const (
	ready lock = iota
	noSIM
	needsPIN
	needsPUK
	dead
	busy // the modem is still reading it
)

// lock tells what stands between the modem and the SIM. The caller holds m.mu.
func (m *Modem) lock() lock {
	if m.sim == nil {
		return noSIM
	}
	pin, puk := m.sim.Left()
	switch {
	case puk == 0:
		return dead
	case pin == 0:
		return needsPUK
	case !m.unlocked && m.sim.PIN != "":
		return needsPIN
	case m.reading:
		return busy
	}
	return ready
}

// The errors that go with each lock (TS 27.007 §9.2.1, TS 27.005 §3.2.5).
var (
	lockCME = map[lock]int{noSIM: 10, needsPIN: 11, needsPUK: 12, dead: 13, busy: 14}
	lockCMS = map[lock]int{noSIM: 310, needsPIN: 311, needsPUK: 316, dead: 313, busy: 314}
)

func readPIN(m *Modem, c command) reply {
	switch l := m.lock(); {
	case l == busy && m.p.InitBusy != 0:
		return fails("+CME ERROR", m.p.InitBusy)
	case l == noSIM || l == dead:
		return fails("+CME ERROR", lockCME[l])
	default:
		words := map[lock]string{needsPIN: "SIM PIN", needsPUK: "SIM PUK"}
		state := words[l]
		if state == "" {
			state = "READY"
		}
		if m.p.QuotedPIN {
			state = `"` + state + `"`
		}
		r := answers("+CPIN:" + m.p.Space + state)
		if m.p.PINWithoutOK {
			r.result = none
		}
		return r
	}
}

func enterPIN(m *Modem, c command) reply {
	args := c.args()
	switch m.lock() {
	case needsPIN:
		if len(args) > 1 || !m.sim.verify(args[0]) {
			if pin, _ := m.sim.Left(); pin == 0 && m.p.PUKAtOnce {
				return fails("+CME ERROR", 12)
			}
			return fails("+CME ERROR", 16)
		}
	case needsPUK:
		if len(args) != 2 {
			return fails("+CME ERROR", 12)
		}
		if !m.sim.unblock(args[0], args[1]) {
			if m.lock() == dead {
				return fails("+CME ERROR", 13)
			}
			return fails("+CME ERROR", 16)
		}
	case ready, busy:
		return fails("+CME ERROR", 3) // nothing was asked for
	default:
		return fails("+CME ERROR", lockCME[m.lock()])
	}
	m.unlocked = true
	m.readSIM()
	return done
}

// readSIM lets the modem read the card for its time, then say so and register.
func (m *Modem) readSIM() {
	m.reading = true
	life := m.life
	m.after(m.p.Times.SIM, func() {
		if m.life != life {
			return
		}
		m.reading = false
		for _, line := range m.p.SIMReady {
			m.sayBehind(line)
		}
		m.deliver()
	})
}

// triesLeft answers AT+CPINR (TS 27.007 §8.65) and what vendors had before it.
func triesLeft(m *Modem, c command) reply {
	if m.sim == nil {
		return fails("+CME ERROR", 10)
	}
	pin, puk := m.sim.Left()
	return answers(m.p.TriesLeft(pin, puk)...)
}
