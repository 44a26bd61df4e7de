package modem

import (
	"strings"
	"time"
)

// input is what the modem has heard of a line, or of a PDU.
type input struct {
	line []byte
	text func(body []byte) // set while it waits for a PDU: what is done with it
	pdu  bool              // and the PDU is in hexadecimal digits
}

const (
	ctrlZ     = 0x1A
	escape    = 0x1B
	backspace = 0x08
)

// serve reads from a port until it is unplugged.
func (m *Modem) serve(p *port) {
	b := make([]byte, 4096)
	for {
		n, err := p.Read(b)
		if err != nil {
			return
		}
		m.mu.Lock()
		m.hear(p, b[:n])
		m.mu.Unlock()
	}
}

// hear takes octets as they come. Commands are executed in between.
func (m *Modem) hear(p *port, octets []byte) {
	m.record('>', string(octets))
	if m.frozen && m.untilReopened >= 0 && p.closes.Load() > m.untilReopened {
		m.frozen = false
	}
	if m.frozen || m.booting {
		return
	}
	from := 0
	for i, b := range octets {
		end := m.hearOne(b)
		if end == nil && i+1 < len(octets) {
			continue
		}
		if m.echo {
			m.write(string(octets[from : i+1]))
		}
		from = i + 1
		if end != nil {
			end()
		}
		if m.port != p {
			return // unplugged by what was said
		}
	}
}

// hearOne gives what is to be done, when a line or a PDU is complete.
func (m *Modem) hearOne(b byte) func() {
	in := &m.input
	if in.text != nil {
		return in.hearText(m, b)
	}
	switch b {
	case '\r':
		line := string(in.line)
		in.line = nil
		return func() { m.execute(line) }
	case '\n', escape, ctrlZ:
	case backspace:
		in.line = in.line[:max(0, len(in.line)-1)]
	default:
		in.line = append(in.line, b)
	}
	return nil
}

func (in *input) hearText(m *Modem, b byte) func() {
	switch {
	case b == escape:
		*in = input{}
		return func() { m.finish("OK") } // TS 27.005 §3.5.1
	case b == ctrlZ:
		body, submit := in.line, in.text
		*in = input{}
		return func() { submit(body) }
	case b == '\r' && !in.pdu:
		in.line = append(in.line, '\n')
		return func() { m.write(m.p.Prompt) }
	case b != '\r' && b != '\n':
		in.line = append(in.line, b)
	}
	return nil
}

// write puts octets on the line. The caller holds m.mu.
func (m *Modem) write(octets string) {
	if m.port == nil || m.frozen || octets == "" {
		return
	}
	m.record('<', octets)
	chunk := m.o.Chunk
	if chunk == 0 {
		chunk = len(octets)
	}
	for rest := octets; rest != ""; {
		n := min(chunk, len(rest))
		if _, err := m.port.Write([]byte(rest[:n])); err != nil {
			m.note("lost on the line: %v", err)
			return
		}
		if rest = rest[n:]; rest != "" {
			time.Sleep(time.Millisecond)
		}
	}
}

// lines writes a response of one or more lines (V.250 §5.7.1).
func (m *Modem) lines(lines []string) {
	if len(lines) > 0 {
		m.write(m.p.LineEnd + strings.Join(lines, "\r\n") + m.p.LineEnd)
	}
}

// say says an indication, at once or, on models that do not interrupt
// themselves, after the command that is being executed.
func (m *Modem) say(line string) {
	if m.executing && !m.p.Interrupts {
		m.held = append(m.held, line)
		return
	}
	m.lines([]string{line})
}

// sayBehind is say that never interrupts.
func (m *Modem) sayBehind(line string) {
	if m.executing {
		m.held = append(m.held, line)
		return
	}
	m.lines([]string{line})
}

// indicate is say for an indication that may fail.
func (m *Modem) indicate(step, line string) {
	f := m.fault(step)
	switch {
	case f == nil:
		m.say(line)
	case f.unplug:
		m.unplug()
	case f.mute:
	default:
		m.write(f.noise)
		m.say(line)
		if f.twice {
			m.say(line)
		}
	}
}

// finish says a final result, and what was held back until then.
func (m *Modem) finish(result string) {
	m.executing = false
	if result != none {
		if !m.verbose {
			code, ok := map[string]string{"OK": "0", "ERROR": "4"}[result]
			if ok {
				m.write(code + "\r")
				result = none
			}
		}
	}
	if result != none {
		m.lines([]string{result})
	}
	held := m.held
	m.held = nil
	for _, line := range held {
		m.lines([]string{line})
	}
}
