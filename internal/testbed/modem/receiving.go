package modem

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Receive sends a text from a phone to the modem. The service centre keeps it
// until the modem has it.
func (m *Modem) Receive(from, text string) { m.Deliver(Incoming{From: from, Text: text}) }

// Deliver sends any text to the modem, in order of its parts.
func (m *Modem) Deliver(in Incoming) {
	if in.Ref == 0 {
		m.mu.Lock()
		in.Ref = m.refs.next()
		m.mu.Unlock()
	}
	m.DeliverTPDUs(in.TPDUs()...)
}

// DeliverTPDUs sends TPDUs as they are.
func (m *Modem) DeliverTPDUs(tpdus ...[]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range tpdus {
		m.centre = append(m.centre, &pending{tpdu: b, smsc: m.smsc(), report: b[0]&3 == 2})
	}
	m.deliver()
}

// Waiting tells how many TPDUs the service centre still has for the modem.
func (m *Modem) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.centre)
}

// deliver has the service centre deliver what it has, as long as the modem takes it.
func (m *Modem) deliver() {
	for len(m.centre) > 0 && m.awaiting == nil && m.reachable() {
		p := m.centre[0]
		if m.direct(p) {
			m.showDirectly(p)
			if m.csms == 1 {
				m.awaitAck(p)
				return
			}
			m.settle(p)
			continue
		}
		if !m.keep(p) {
			return // no room: the centre tries again when there is some
		}
	}
}

// direct tells whether a text goes to the driver without being stored (TS 27.005
// §3.4.1). Nothing does while the port is closed: there is no driver.
func (m *Modem) direct(p *pending) bool {
	if m.port == nil || !m.port.isOpen() || m.p.Phase2Direct && m.csms != 1 {
		return false
	}
	if p.report {
		return m.cnmi[3] == 1
	}
	class := m.class(p.tpdu)
	return m.cnmi[1] == 2 && class != 2 || m.cnmi[1] == 3 && class == 3
}

// class is the message class of an SMS-DELIVER (TS 23.038 §4), or -1.
func (m *Modem) class(tpdu []byte) int {
	_, _, rest, err := readAddress(tpdu[1:])
	if err != nil || len(rest) < 2 {
		return -1
	}
	if dcs := rest[1]; dcs&0xF0 == 0xF0 || dcs&0x90 == 0x10 {
		return int(dcs & 3)
	}
	return -1
}

func (m *Modem) showDirectly(p *pending) {
	name, alpha := "+CMT", strings.TrimPrefix(m.p.Alpha, ",")+","
	if p.report {
		name, alpha = "+CDS", ""
	}
	if m.textMode {
		m.announce(name, name+":"+m.p.Space+showText(p))
		return
	}
	pdu := strings.ToUpper(hex.EncodeToString(append(centreAddress(p.smsc), p.tpdu...)))
	m.announce(name, fmt.Sprintf("%s:%s%s%d\r\n%s", name, m.p.Space, alpha, len(p.tpdu), pdu))
}

// announce indicates a text, or keeps the indication for later while <mode> of
// AT+CNMI is 0.
func (m *Modem) announce(name, line string) {
	if m.cnmi[0] == 0 && !m.p.AnyMode {
		m.buffered = append(m.buffered, line)
		return
	}
	m.indicate(name, line)
}

// showText is what stands behind +CMT or +CDS in text mode (TS 27.005 §3.4.1).
func showText(p *pending) string {
	if p.report {
		to, toa, rest, err := readAddress(p.tpdu[2:])
		if err != nil || len(rest) < 15 {
			return "0"
		}
		return fmt.Sprintf(`%d,%d,"%s",%d,"%s","%s",%d`, p.tpdu[0], p.tpdu[1], to, toa, stamp(rest), stamp(rest[7:]), rest[14])
	}
	from, at, text := readDeliver(p.tpdu)
	return fmt.Sprintf("\"%s\",,\"%s\"\r\n%s", from, at, text)
}

// awaitAck waits for AT+CNMA. Without it the network gets an error, and the modem
// routes nothing to the driver any more (TS 27.005 §3.4.4).
func (m *Modem) awaitAck(p *pending) {
	m.awaiting = p
	m.clock(m.o.AckTime, func() {
		if m.awaiting == p {
			m.note("no AT+CNMA in time")
			m.awaiting = nil
			m.cnmi[1], m.cnmi[3] = 0, 0
			m.deliver()
		}
	})
}

// acknowledge is AT+CNMA.
func acknowledge(m *Modem, c command) reply {
	n, ok := c.ints(0)
	if m.csms != 1 || m.awaiting == nil || !ok {
		return reply{result: m.p.NoAck}
	}
	p := m.awaiting
	m.awaiting = nil
	if n[0] == 2 { // the driver refused it: the centre tries again
		m.clock(m.o.AckTime/5, m.deliver)
		return done
	}
	m.settle(p)
	m.clock(1, m.deliver) // behind the OK
	return done
}

// settle takes from the service centre what was delivered and is not stored.
func (m *Modem) settle(p *pending) {
	m.taken(p)
	m.forget(p.tpdu)
}

// taken takes from the service centre what was delivered.
func (m *Modem) taken(p *pending) {
	f := m.fault("deliver")
	m.centre = m.centre[1:]
	if f != nil && f.twice {
		m.centre = append([]*pending{p}, m.centre...)
	}
}

func (m *Modem) forget(tpdu []byte) {
	if m.o.Forgot != nil {
		m.o.Forgot(tpdu)
	}
	m.happened()
}

// keep stores what came, and indicates that. It is false if there is no room.
func (m *Modem) keep(p *pending) bool {
	name, mem, wanted := "+CMTI", m.memories[2], m.cnmi[1] != 0
	if p.report {
		name, wanted = "+CDSI", m.cnmi[3] == 2
		if m.stores["SR"] != nil && wanted {
			mem = "SR"
		}
		if !wanted && !m.p.KeepsReports {
			m.taken(p)
			return true // taken, and thrown away
		}
		if !wanted {
			name, wanted = "+CMTI", m.cnmi[1] != 0
		}
	}
	s := m.memory(mem)
	if s == nil {
		return false
	}
	i := s.put(&entry{stat: unread, smsc: p.smsc, tpdu: p.tpdu})
	if i < 0 {
		m.note("%s is full", mem)
		if m.p.Full != nil {
			m.say(m.p.Full(mem))
		}
		return false
	}
	m.taken(p)
	m.happened()
	if wanted {
		m.announce(name, fmt.Sprintf(`%s:%s"%s",%d`, name, m.p.Space, mem, i+m.p.FirstIndex))
	}
	return true
}
