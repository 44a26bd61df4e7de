package modem

import (
	"fmt"
	"time"
)

// network is what is around the modem.
type network struct {
	stat     int // of registration (TS 27.007 §7.2)
	operator string
	rssi     int // as in +CSQ
	centre   []*pending
	awaiting *pending // was shown with +CMT or +CDS, and waits for AT+CNMA
	fates    map[string]Fate
	sent     []Part
	lastSent time.Time
	refs     refs
}

// pending is a TPDU that the service centre has for the modem.
type pending struct {
	tpdu   []byte
	smsc   string
	report bool
}

// Fate is what the network does with texts to a phone. The zero value delivers
// them, and reports so if a report was asked for.
type Fate struct {
	// Refused is the cause why the network does not take the text, which is what the
	// modem says as +CMS ERROR (TS 24.011 §8.2.5.4, TS 23.040 §9.2.3.22); 0 takes it.
	Refused int
	// Status are the TP-ST of its reports, in order (TS 23.040 §9.2.3.15); nil is one
	// of 0x00.
	Status []byte
	// Lost reports never come.
	Lost bool
	// Early reports come before the modem answers AT+CMGS.
	Early bool
	// After is how long a report takes, by the clock.
	After time.Duration
	// As is how the report names the phone, if not as the text did: a national
	// number, for example.
	As string
}

func newNetwork() network {
	return network{stat: 1, operator: "Example", rssi: 20, fates: map[string]Fate{}}
}

// Fate sets what the network does with texts to a number from now on; "" is for
// all that have none of their own.
func (m *Modem) Fate(number string, f Fate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fates[number] = f
}

// Register changes the registration: 0 not, 1 home, 2 searching, 3 denied, 4
// unknown, 5 roaming, 6 and 7 for texts only (TS 27.007 §7.2).
func (m *Modem) Register(stat int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.register(stat)
}

func (m *Modem) register(stat int) {
	m.stat = stat
	for _, c := range []string{"+CREG", "+CEREG"} {
		if m.creg[c] > 0 {
			m.indicate(c, m.registration(c, false))
		}
	}
	m.deliver()
}

// registration is the answer to AT+CREG?, or the indication, which has no <n>.
func (m *Modem) registration(name string, answer bool) string {
	s := name + ":" + m.p.Space
	if answer {
		s += fmt.Sprintf("%d,", m.creg[name])
	}
	s += fmt.Sprint(m.registered())
	if stat := m.registered(); m.creg[name] > 1 && (stat == 1 || stat == 5) {
		s += m.p.Cell
	}
	return s
}

// registered is the registration as it shows: without SIM or radio there is none.
func (m *Modem) registered() int {
	if l := m.lock(); m.cfun != 1 || l != ready && l != busy {
		return 0
	}
	return m.stat
}

// reachable tells whether texts go in and out.
func (m *Modem) reachable() bool {
	switch m.registered() {
	case 1, 5, 6, 7:
		return m.lock() == ready && m.life > 0 && (m.port != nil || !m.p.USB)
	}
	return false
}

// Signal sets the signal's strength as +CSQ tells it: 0 to 31, or 99.
func (m *Modem) Signal(rssi int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rssi = rssi
}

// Operator sets the network's name; "" is none.
func (m *Modem) Operator(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.operator = name
}

// transmit hands a part to the network, which takes it or gives a cause.
func (m *Modem) transmit(p Part) (Part, int) {
	f, ok := m.fates[p.Number]
	if !ok {
		f = m.fates[""]
	}
	if f.Refused != 0 {
		return p, f.Refused
	}
	if n := len(f.Status); n > 0 {
		p.Arrived = f.Status[n-1] < 0x20
	}
	m.sent = append(m.sent, p)
	m.lastSent = time.Now()
	m.happened()
	if f.Early {
		executing := m.executing
		m.executing = false
		m.reports(p, f)
		m.executing = executing
	}
	return p, 0
}

// reportLater sends the reports on a part, unless that has been done.
func (m *Modem) reportLater(p Part) {
	f, ok := m.fates[p.Number]
	if !ok {
		f = m.fates[""]
	}
	if f.Early {
		return
	}
	wait := f.After
	if wait == 0 {
		wait = max(m.scaled(m.p.Times.Report), time.Nanosecond)
	}
	m.clock(wait, func() { m.reports(p, f) })
}

func (m *Modem) reports(p Part, f Fate) {
	if !p.ReportAsked || f.Lost {
		return
	}
	status := f.Status
	if status == nil {
		status = []byte{0x00}
	}
	for _, st := range status {
		m.report(p, f.As, st)
	}
	m.deliver()
}

// Report sends a report on a part now, whatever the phone's Fate: one that was
// lost, or a second one.
func (m *Modem) Report(p Part, status byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.report(p, "", status)
	m.deliver()
}

func (m *Modem) report(p Part, as string, status byte) {
	to, toa := p.Number, p.Type
	if as != "" {
		to, toa = as, 0
	}
	tpdu := statusReport(p.Reference, to, toa, status, p.At, time.Now())
	m.centre = append(m.centre, &pending{tpdu: tpdu, smsc: m.smsc(), report: true})
}

// smsc is the number of the service centre.
func (m *Modem) smsc() string {
	if m.sim == nil {
		return ""
	}
	return m.sim.SMSC
}
