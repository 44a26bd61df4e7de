package modem

import (
	"fmt"
	"strings"
	"time"
)

// Fault is what goes wrong at a step; see Modem.Fail.
type Fault struct {
	result  *string       // in place of the modem's final result
	noise   string        // before all else, as it is
	delay   time.Duration // before the answer, in real time
	unplug  bool
	twice   bool
	mute    bool // no information either
	carries bool // the modem does what it was asked for
	cut     int  // characters that the information lacks at its end
	times   int  // that are left; never 0 if less than that from the beginning
}

// CMS has the step answered by "+CMS ERROR: code" (TS 27.005 §3.2.5).
func CMS(code int) Fault { return Result(fmt.Sprintf("+CMS ERROR: %d", code)) }

// CME has the step answered by "+CME ERROR: code" (TS 27.007 §9.2).
func CME(code int) Fault { return Result(fmt.Sprintf("+CME ERROR: %d", code)) }

// Result has the step answered by another final result, such as "ERROR" or
// "COMMAND NOT SUPPORT". "OK" is a lie unless the fault is Done.
func Result(text string) Fault { return Fault{result: &text, mute: true} }

// Silence has the step answered by nothing. An indication, such as "+CMTI", is lost.
func Silence() Fault { return Fault{result: new(string), mute: true} }

// NoOK leaves out the final result only.
func NoOK() Fault { return Fault{result: new(string), carries: true} }

// Cut has the last line of information end n characters too early.
func Cut(n int) Fault { return Fault{cut: n, carries: true} }

// Late has the right answer come late, by the clock.
func Late(by time.Duration) Fault { return Fault{delay: by, carries: true} }

// Garbage puts octets in front of the right answer, as they are; so can
// indications be: Garbage("\r\n^RSSI:12\r\n").
func Garbage(octets string) Fault { return Fault{noise: octets, carries: true} }

// Unplugged pulls the modem out at the step.
func Unplugged() Fault { return Fault{unplug: true, mute: true, result: new(string)} }

// Twice has an indication said twice; at the step "deliver" the service centre,
// which did not get the acknowledgement, delivers a text a second time.
func Twice() Fault { return Fault{twice: true, carries: true} }

// Done has the modem do what it was asked for, although its answer fails.
func (f Fault) Done() Fault {
	f.carries = true
	return f
}

// Times makes a fault happen n times in a row, or until Mend if n is negative.
func (f Fault) Times(n int) Fault {
	f.times = n
	return f
}

// step is a fault at its place.
type step struct {
	name string
	Fault
}

// Fail makes the next dealing with a step go wrong. Steps are
//
//   - commands: "+CMGD" in whatever form, "+CPIN?" or "+CPIN=" or "+CNMI=?" in one,
//     "E" for ATE0 and ATE1, "AT" for the empty command, "*" for any;
//   - "prompt", where the modem asks for a PDU: Silence lets it forget the
//     command, Silence().Done() lets it wait for the PDU without a word;
//   - "submit", after Ctrl-Z: CMS(500) loses the text, CMS(500).Done() sends it;
//   - indications: "+CMTI", "+CMT", "+CDS", "+CDSI", "+CREG";
//   - "deliver", where the network delivers a text to the modem: Twice.
//
// Faults at the same step happen one after the other.
func (m *Modem) Fail(at string, f Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.times == 0 {
		f.times = 1
	}
	m.faults = append(m.faults, &step{name: at, Fault: f})
}

// Mend takes back what Fail has made at a step and not happened yet.
func (m *Modem) Mend(at string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rest []*step
	for _, s := range m.faults {
		if s.name != at {
			rest = append(rest, s)
		}
	}
	m.faults = rest
}

// fault takes the first fault for one of the names. The caller holds m.mu.
func (m *Modem) fault(names ...string) *Fault {
	for i, s := range m.faults {
		for _, name := range names {
			if !strings.EqualFold(s.name, name) {
				continue
			}
			if s.times--; s.times == 0 {
				m.faults = append(m.faults[:i:i], m.faults[i+1:]...)
			}
			f := s.Fault
			m.note("fault at %s", s.name)
			return &f
		}
	}
	if m.o.Luck == nil {
		return nil
	}
	f := m.o.Luck(names[0])
	if f != nil {
		m.note("bad luck at %s", names[0])
	}
	return f
}
