package modem

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// sendText is AT+CMGS.
func sendText(m *Modem, c command) reply {
	if texts := m.sim.texts; m.p.FullBlocks && texts.used() == len(texts.places) {
		return fails("+CMS ERROR", 322)
	}
	if m.textMode {
		number := c.args()[0]
		return m.prompt(func(body []byte) { m.submitText(number, string(body)) })
	}
	n, ok := c.ints(-1, 0)
	if !ok || n[0] < 1 {
		return fails("+CMS ERROR", 304)
	}
	return m.prompt(func(body []byte) {
		smsc, tpdu, err := readPDU(body, n[0])
		var p Part
		if err == nil {
			p, err = readSubmit(tpdu)
		}
		if err != nil {
			m.note("not a PDU: %v", err)
			m.finish(m.spelt("+CMS ERROR: 304"))
			return
		}
		p.SMSC = smsc
		m.submit(p)
	})
}

// readPDU reads hexadecimal digits of a service centre's address and a TPDU of
// so many octets.
func readPDU(digits []byte, n int) (smsc string, tpdu []byte, err error) {
	b, err := hex.DecodeString(strings.TrimSpace(string(digits)))
	if err != nil {
		return "", nil, err
	}
	smsc, tpdu, err = readCentre(b)
	if err == nil && len(tpdu) != n {
		err = fmt.Errorf("%d octets of TPDU, %d were announced", len(tpdu), n)
	}
	return smsc, tpdu, err
}

// prompt asks for a PDU or text.
func (m *Modem) prompt(then func(body []byte)) reply {
	if !m.pause(m.scaled(m.p.Times.Prompt)) {
		return reply{result: none}
	}
	f := m.fault("prompt")
	if f != nil && !m.pause(f.delay) {
		return reply{result: none}
	}
	if f != nil && f.unplug {
		m.unplug()
		return reply{result: none}
	}
	if f == nil || f.carries {
		m.input = input{text: then, pdu: !m.textMode}
	}
	switch {
	case f == nil:
		m.write(m.p.Prompt)
	case f.mute && *f.result != "":
		return reply{result: *f.result}
	case !f.mute:
		m.write(f.noise + m.p.Prompt)
	}
	return reply{result: none}
}

// submit sends a part, or does what is to go wrong in its place.
func (m *Modem) submit(p Part) {
	if !m.reachable() {
		m.finish(m.spelt("+CMS ERROR: 331"))
		return
	}
	f, port := m.fault("submit"), m.port
	var lines []string
	var result string
	if f == nil || f.carries {
		lines, result = m.send(p)
	}
	if m.port != port {
		return // unplugged meanwhile
	}
	if f == nil {
		m.lines(lines)
		m.finish(m.spelt(result))
		return
	}
	if !m.pause(f.delay) {
		return
	}
	m.write(f.noise)
	if f.unplug {
		m.unplug()
		return
	}
	if !f.mute {
		m.lines(lines)
	}
	if f.result != nil {
		result = *f.result
	}
	if result == "" {
		result = none
	}
	m.finish(result)
}

// send sends a part and waits for the network's answer.
func (m *Modem) send(p Part) (lines []string, result string) {
	if p.SMSC == "" && m.smsc() == "" {
		return nil, "+CMS ERROR: 330"
	}
	p.Reference = m.sim.reference() // whatever the driver wrote (TS 23.040 §9.2.3.6)
	p, cause := m.transmit(p)
	m.pause(m.scaled(m.sendTime()))
	if cause != 0 {
		return nil, fmt.Sprintf("+CMS ERROR: %d", cause)
	}
	m.reportLater(p)
	return []string{fmt.Sprintf("+CMGS:%s%d", m.p.Space, p.Reference)}, "OK"
}

// sendTime is what a text takes: less on a link that AT+CMMS has kept open, which
// it does for some seconds (TS 27.005 §3.5.6).
func (m *Modem) sendTime() time.Duration {
	d := m.p.Times.Send
	if m.cmms != 0 && time.Since(m.linkUsed) < 5*time.Second {
		d /= 2
	} else if m.cmms == 1 && !m.linkUsed.IsZero() {
		m.cmms = 0
	}
	m.linkUsed = time.Now()
	return d
}

// submitText sends a text in text mode. A driver that believes the modem to be in
// PDU mode has its PDU sent as a text, to the length as a number.
func (m *Modem) submitText(number, text string) {
	p := Part{Number: number, Type: typeOf(number), Text: text, Seq: 1, Total: 1, Arrived: true, At: time.Now()}
	if _, ok := toSeptets(text); !ok {
		p.DCS = byte(ucs2) << 2
	}
	m.submit(p)
}

// writeText is AT+CMGW: it stores a text, to be sent with AT+CMSS.
func writeText(m *Modem, c command) reply {
	n, ok := c.ints(-1, unsent)
	if m.textMode || !ok || n[0] < 1 {
		return fails("+CMS ERROR", 302)
	}
	return m.prompt(func(body []byte) {
		smsc, tpdu, err := readPDU(body, n[0])
		if err != nil {
			m.finish(m.spelt("+CMS ERROR: 304"))
			return
		}
		i := m.memory(m.memories[1]).put(&entry{stat: n[1], smsc: smsc, tpdu: tpdu})
		if i < 0 {
			m.finish(m.spelt("+CMS ERROR: 322"))
			return
		}
		m.lines([]string{fmt.Sprintf("+CMGW:%s%d", m.p.Space, i+m.p.FirstIndex)})
		m.finish("OK")
	})
}

// sendStored is AT+CMSS.
func sendStored(m *Modem, c command) reply {
	n, ok := c.ints(-1)
	s := m.memory(m.memories[1])
	if !ok || s == nil {
		return fails("+CMS ERROR", 302)
	}
	place := s.at(n[0] - m.p.FirstIndex)
	if place == nil || *place == nil {
		return fails("+CMS ERROR", 321)
	}
	p, err := readSubmit((*place).tpdu)
	if err != nil {
		return fails("+CMS ERROR", 304)
	}
	p.SMSC = (*place).smsc
	(*place).stat = sent
	m.submit(p)
	return reply{result: none}
}
