// Package modem emulates GSM modems on pseudo terminals, for tests.
//
// A [Modem] has a serial port that any program can open, a [SIM] card, and a
// network around it in which every number is a phone:
//
//	m := modem.Start(t, modem.SIM800, modem.Options{PIN: "1234"})
//	// a driver opens m.Path() and sends AT commands
//	m.Receive("+15555550123", "hello")      // a phone sends a text
//	parts := m.WaitSent(1)                  // a phone has got one
//	m.Fail("submit", modem.CMS(500).Done()) // the next one leaves, and the modem denies it
//	m.Unplug()
//	m.Plug()                                // under the same name
//
// What kind of modem it is says its [Personality]: the quirks of models that are
// known from manuals, logs and issue trackers, each with its source in a
// comment. None of it was compared with hardware. Options.Scale gives it the pace
// of the model; without it everything is as fast as it can be.
//
// The emulator encodes and decodes TPDUs by itself, and shares nothing with what
// it tests but the alphabets' tables of github.com/warthog618/sms. That it
// behaves like a modem is shown by smstools and gammu-smsd, which its tests have
// send and receive through it.
package modem

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// patience is how long Wait methods wait before the test fails: peers take half a
// minute to open a port again, on a machine that has nothing else to do.
const patience = 2 * time.Minute

// Options say what is special about one modem. The zero value is a modem with a
// SIM that asks for no PIN, registered in its home network.
type Options struct {
	// SIM is the card; nil makes one with PIN and Size.
	SIM *SIM
	// PIN of the card that is made; "" asks for none.
	PIN string
	// Size is how many texts that card has room for; 0 is the personality's.
	Size int
	// Empty is a modem without a card.
	Empty bool
	// Link is the path of the port, a symbolic link; "" is one in a directory of
	// the test's.
	Link string
	// Scale is how long things take, in parts of what they take on the model. Zero
	// is at once.
	Scale float64
	// AckTime is how long the network waits for AT+CNMA, by the clock; zero is 5 s.
	AckTime time.Duration
	// Chunk cuts what the modem says into writes of so many octets, with a little
	// time between them; zero is whole lines.
	Chunk int
	// USSD are answers to codes, such as "*100#".
	USSD map[string]string
	// Forgot is told of each TPDU that the modem received and keeps no longer,
	// because it was deleted or acknowledged, before the driver hears of it.
	Forgot func(tpdu []byte)
	// Luck is asked at every step that Fail has no fault for, which is named as
	// there, in its longest form. It gives a fault, or nil. Neither it nor Forgot may
	// call the modem's methods.
	Luck func(step string) *Fault
	// Quiet keeps no log of the dialogue and of the commands, for measurements.
	Quiet bool
}

// Modem is a modem. All methods may be called at any time, by anybody.
type Modem struct {
	t testing.TB
	p Personality
	o Options

	mu      sync.Mutex
	changed chan struct{} // closed when a part is sent, or something forgotten
	link    string
	port    *port // nil while it is unplugged
	session sync.WaitGroup
	closed  bool
	life    int // counts restarts: what began in another life has no effect

	sim      *SIM
	unlocked bool // the PIN was given in this life
	reading  bool // the SIM is being read
	booting  bool // it hears nothing yet

	settings
	stores        map[string]*store
	memories      [3]string // as AT+CPMS said
	input         input
	held          []string // indications that wait for the end of a command
	executing     bool
	frozen        bool
	untilReopened int64 // frozen until the port was closed more often; -1 is for ever

	network
	faults   []*step
	log      []Line
	commands []string
	heard    int // how many commands
}

// Start starts a modem, whose port is there at once. It ends with the test.
func Start(t testing.TB, p Personality, o Options) *Modem {
	t.Helper()
	m := &Modem{t: t, p: p, o: o, link: o.Link, sim: o.SIM, changed: make(chan struct{}), network: newNetwork()}
	if o.AckTime == 0 {
		m.o.AckTime = 5 * time.Second
	}
	if m.link == "" {
		m.link = filepath.Join(t.TempDir(), "ttyUSB0")
	}
	if m.sim == nil && !o.Empty {
		size := o.Size
		if size == 0 {
			size = p.Sizes["SM"]
		}
		m.sim = NewSIM(o.PIN, size)
	}
	m.stores = map[string]*store{}
	for name, size := range p.Sizes {
		if name != "SM" {
			m.stores[name] = newStore(size)
		}
	}
	t.Cleanup(m.stop)
	m.Plug()
	if _, err := os.Lstat(m.link); err != nil {
		t.FailNow() // and Plug has said why
	}
	return m
}

// Path is where a driver opens the modem: a symbolic link, which stays the same
// when the modem is plugged in again.
func (m *Modem) Path() string { return m.link }

// SIM is the card in the modem, or nil.
func (m *Modem) SIM() *SIM {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sim
}

// ChangePIN gives the card another PIN, as its owner would in a phone.
func (m *Modem) ChangePIN(pin string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sim.PIN = pin
}

// Say has the modem say octets as they are, now: noise, or an indication of its own.
func (m *Modem) Say(octets string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.write(octets)
}

func (m *Modem) stop() {
	m.mu.Lock()
	m.closed = true
	m.life++
	if m.port != nil {
		_ = os.Remove(m.link)
		_ = m.port.Close()
		m.port = nil
	}
	m.mu.Unlock()
	m.session.Wait()
	if m.t.Failed() && !m.o.Quiet {
		m.t.Logf("the end of the dialogue with the %s:\n%s", m.p.Name, shown(m.Log(), 80))
	}
}

// happened wakes who waits for something.
func (m *Modem) happened() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Wait waits until a condition holds, which may ask the modem anything. It looks
// again whenever a text was sent, stored or forgotten, and every 50 ms.
func (m *Modem) Wait(what string, condition func() bool) {
	m.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		if condition() {
			return
		}
		if time.Now().After(deadline) {
			m.t.Fatalf("modem: waited %v for %s", patience, what)
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Sent are all parts that the network took, in order.
func (m *Modem) Sent() []Part {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

// WaitSent is Sent once there are n of them.
func (m *Modem) WaitSent(n int) []Part {
	m.t.Helper()
	m.Wait(fmt.Sprintf("%d parts to be sent", n), func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.sent) >= n
	})
	return m.Sent()
}

// Texts are the messages of all phones, put together from parts.
func (m *Modem) Texts() []Message { return Join(m.Sent()) }
