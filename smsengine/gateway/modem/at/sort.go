package at

import "strings"

// Unsolicited is what a modem says by itself.
type Unsolicited struct {
	Name string // "+CMTI", "^RSSI", or the whole of a line such as "RING"; empty for what nothing is known of
	Line string // as it came; the text of a +CUSD may have several lines
	PDU  string // the line behind +CMT, +CDS and +CBM; empty if it got lost
}

// String gives the name alone: the rest may be somebody's text.
func (u Unsolicited) String() string {
	if u.Name == "" {
		return "unknown line"
	}
	return u.Name
}

// carries reports whether it is a message that the modem does not store.
func (u Unsolicited) carries() bool { return withBody(u.Name) }

// withBody reports whether what a name begins goes on in the next line.
func withBody(name string) bool { return name == "+CMT" || name == "+CDS" || name == "+CBM" }

// sorter tells answers from what the modem says by itself.
type sorter struct {
	last    string       // the command before, whose echo may come late
	pending *Unsolicited // its PDU is to come
	length  int          // of that PDU as announced; -1 in text mode, where any line is the text
	patience,
	joined int // lines that may still come first; lines of a text that was joined
	open *Unsolicited // a +CUSD whose text goes on
}

// expectation says what the next line may be.
type expectation uint8

const (
	noLine  expectation = iota // nothing that belongs to a line before
	pduLine                    // hexadecimal digits that do
	anyLine                    // a text that does
)

func (s *sorter) waiting() expectation {
	switch {
	case s.open != nil, s.pending != nil && s.length < 0:
		return anyLine
	case s.pending != nil:
		return pduLine
	}
	return noLine
}

const (
	maxPatience = 3
	maxJoined   = 20
)

// sort gives what a token completes of what the modem says by itself; all else goes to the running command.
func (s *sorter) sort(t token, e *exchange) (heard []Unsolicited) {
	switch {
	case t.prompt:
		e.prompt()
		return nil
	case t.tooLong || t.text == "":
		return nil
	}
	line := t.text
	if e != nil {
		if line = e.withoutEcho(line); line == "" {
			return nil
		}
	} else if strings.EqualFold(line, s.last) {
		return nil
	}
	final := isFinal(line, e)
	if s.open != nil {
		if u, ok := s.join(line, final); ok {
			heard = append(heard, u)
			if !final {
				return heard
			}
		} else {
			return nil
		}
	}
	if s.pending != nil {
		if s.isBody(line, final, e) {
			s.pending.PDU = line
			return append(heard, s.release())
		}
		if s.patience--; s.patience < 0 {
			heard = append(heard, s.release())
		}
	}
	name, _ := Fields(line)
	switch {
	case final && e != nil:
		e.finish(line)
	case e.answeredBy(name, line):
		e.lines = append(e.lines, line)
	case name != "" && !final:
		heard = append(heard, s.begin(name, line)...)
	case e != nil && !e.prompting && (e.body == "" || !isHex(line)): // else it is an echo with noise in it
		e.lines = append(e.lines, line)
	case e == nil:
		heard = append(heard, Unsolicited{Line: line})
	}
	return heard
}

// begin takes the first line of something unsolicited.
func (s *sorter) begin(name, line string) (heard []Unsolicited) {
	u := Unsolicited{Name: name, Line: line}
	switch {
	case withBody(name):
		if s.pending != nil {
			heard = append(heard, s.release())
		}
		s.pending, s.patience, s.length = &u, maxPatience, -1
		if _, fields := Fields(line); len(fields) > 0 && len(fields) <= 2 {
			if n, ok := fields[len(fields)-1].Int(); ok {
				s.length = n
			}
		}
		return heard
	case name == "+CUSD" && strings.Count(line, `"`)%2 != 0:
		s.open, s.joined = &u, 0
		return nil
	}
	return []Unsolicited{u}
}

func (s *sorter) release() Unsolicited {
	u := *s.pending
	s.pending = nil
	return u
}

// join adds a line to an open text. ok is true when that is complete.
func (s *sorter) join(line string, final bool) (u Unsolicited, ok bool) {
	s.joined++
	if !final {
		s.open.Line += "\n" + line
	}
	if final || strings.Count(line, `"`)%2 != 0 || s.joined >= maxJoined {
		u, s.open = *s.open, nil
		return u, true
	}
	return u, false
}

// isBody reports whether a line is the PDU that is awaited. Where a listing awaits one, too, the lengths tell.
func (s *sorter) isBody(line string, final bool, e *exchange) bool {
	if s.length < 0 {
		return !final
	}
	if !isHex(line) {
		return false
	}
	if announced, ok := e.header(); ok && !fits(line, s.length) && fits(line, announced) {
		return false
	}
	return true
}
