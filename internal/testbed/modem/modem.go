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

// patience is how long Wait methods wait before the test fails.
const patience = 30 * time.Second

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
	if t.Failed() {
		t.FailNow()
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

// Plug connects the modem. One that takes its power from the computer starts then.
func (m *Modem) Plug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plug()
}

func (m *Modem) plug() {
	if m.port != nil || m.closed {
		return
	}
	p, err := openPort()
	if err == nil {
		err = replaceLink(p.name, m.link)
	}
	if err != nil {
		m.t.Errorf("modem: %v", err)
		return
	}
	m.port = p
	m.note("plugged in, %s", p.name)
	if m.p.USB || m.life == 0 {
		m.start()
	}
	m.session.Go(func() { m.serve(p) })
}

// replaceLink makes the link lead to a port, in one step.
func replaceLink(to, link string) error {
	next := link + ".new"
	_ = os.Remove(next)
	if err := os.Symlink(to, next); err != nil {
		return err
	}
	return os.Rename(next, link)
}

// Unplug pulls out the plug: who has the port open is hung up on. One that takes
// its power from the computer forgets what a modem forgets without power.
func (m *Modem) Unplug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unplug()
}

func (m *Modem) unplug() {
	if m.port == nil {
		return
	}
	m.note("unplugged")
	_ = os.Remove(m.link)
	_ = m.port.Close()
	m.port = nil
	m.input, m.executing, m.held = input{}, false, nil
	if m.p.USB {
		m.life++
	}
}

// Restart is what AT+CFUN=1,1 does, or the power button. The port of a USB modem
// vanishes for a while.
func (m *Modem) Restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.restart()
}

func (m *Modem) restart() {
	m.note("restart")
	if !m.p.USB {
		m.start()
		return
	}
	m.unplug()
	life := m.life
	m.after(max(m.p.Times.Boot, time.Nanosecond), func() {
		if m.life == life {
			m.plug()
		}
	})
}

// start is the modem's life from power on.
func (m *Modem) start() {
	m.life++
	m.settings = m.p.defaults()
	m.memories = m.p.Memory
	m.unlocked, m.reading, m.frozen = false, false, false
	m.input, m.held, m.executing = input{}, nil, false
	m.awaiting = nil
	if sr := m.stores["SR"]; sr != nil {
		m.stores["SR"] = newStore(len(sr.places))
	}
	life, boot := m.life, m.p.Times.Boot
	if m.p.USB {
		boot = 0 // its port appears when it has booted
	}
	m.booting = true
	m.after(boot, func() {
		if m.life != life {
			return
		}
		m.booting = false
		for _, line := range m.p.Boot {
			m.say(line)
		}
		if m.lock() == ready {
			m.readSIM()
		}
	})
}

// RemoveSIM takes the card out of the running modem.
func (m *Modem) RemoveSIM() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sim, m.unlocked = nil, false
	m.note("SIM removed")
	for _, line := range m.p.SIMGone {
		m.say(line)
	}
	m.register(0)
}

// InsertSIM puts a card in; the modem reads it at once.
func (m *Modem) InsertSIM(s *SIM) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sim, m.unlocked = s, false
	m.note("SIM inserted")
	if m.lock() == ready {
		m.readSIM()
	}
	m.register(1)
}

// Freeze makes the modem deaf and dumb: until Thaw, or, if reopening helps, until
// its port has been closed and opened again.
func (m *Modem) Freeze(reopeningHelps bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frozen, m.untilReopened = true, -1
	if reopeningHelps && m.port != nil {
		m.untilReopened = m.port.closes.Load()
	}
	m.note("frozen")
}

// Thaw ends Freeze.
func (m *Modem) Thaw() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frozen = false
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

// after does something later, in the model's time. The caller holds m.mu, and so
// does what is done.
func (m *Modem) after(d time.Duration, do func()) {
	if d = m.scaled(d); d == 0 {
		do()
		return
	}
	m.clock(d, do)
}

// clock is after in real time.
func (m *Modem) clock(d time.Duration, do func()) {
	time.AfterFunc(d, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.closed {
			do()
		}
	})
}

func (m *Modem) scaled(d time.Duration) time.Duration {
	if d == time.Nanosecond {
		return d // as soon as it can be, but not now
	}
	return time.Duration(float64(d) * m.o.Scale)
}

// pause takes time, in which others may do things with the modem. It is false if
// the modem has been restarted or unplugged meanwhile. The caller holds m.mu.
func (m *Modem) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	port, life := m.port, m.life
	m.mu.Unlock()
	time.Sleep(d)
	m.mu.Lock()
	return m.port == port && m.life == life && !m.closed
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
