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

// exchange is a command that runs.
type exchange struct {
	command   string   // without its CR
	names     []string // of the lines that answer it
	body      string
	prompting bool // a prompt is awaited
	secret    bool // it names a PIN
	lines     []string
	final     string        // the final result
	done      chan struct{} // closed with the final result
	prompted  chan struct{} // closed with the prompt
}

func newExchange(command string) *exchange {
	return &exchange{
		command: command, names: namesOf(command), secret: secret(command),
		done: make(chan struct{}), prompted: make(chan struct{}),
	}
}

func (e *exchange) finish(result string) {
	if e.final == "" {
		e.final = result
		close(e.done)
	}
}

func (e *exchange) prompt() {
	if e.prompting {
		e.prompting = false
		close(e.prompted)
	}
}

// header reports whether the last line announces a PDU that has not come, and how long it is said to be.
func (e *exchange) header() (length int, ok bool) {
	if e == nil || len(e.lines) == 0 {
		return 0, false
	}
	name, fields := Fields(e.lines[len(e.lines)-1])
	if name != "+CMGL" && name != "+CMGR" || len(fields) == 0 {
		return 0, false
	}
	length, _ = fields[len(fields)-1].Int()
	return length, true
}

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

// fits reports whether a line has as many octets as its TPDU is said to have, with a service centre or without.
func fits(line string, length int) bool {
	octets := len(line) / 2
	if octets == length || octets == 0 {
		return octets == length
	}
	first := strings.IndexByte("0123456789ABC", upper(line[1]))
	return line[0] == '0' && first >= 0 && octets == 1+first+length
}

func upper(b byte) byte {
	if b >= 'a' && b <= 'z' {
		return b - 'a' + 'A'
	}
	return b
}

// isHex reports whether a line may be a PDU, or a good part of one.
func isHex(line string) bool {
	if len(line) < 8 {
		return false
	}
	for i := range len(line) {
		if strings.IndexByte("0123456789ABCDEF", upper(line[i])) < 0 {
			return false
		}
	}
	return true
}

// withoutEcho takes off the command, which a modem that echoes puts in front.
func (e *exchange) withoutEcho(line string) string {
	if rest, ok := cutPrefixFold(line, e.command); ok && e.command != "" {
		return strings.TrimSpace(rest)
	}
	if e.bodyEcho(line) {
		return ""
	}
	return line
}

// bodyEcho reports whether a line is the body that was sent, or a piece of it.
func (e *exchange) bodyEcho(line string) bool {
	return e.body != "" && isHex(line) && strings.Contains(strings.ToUpper(e.body), strings.ToUpper(line))
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// answeredBy reports whether a line with this name answers the command. A name that belongs to reports, too, does so
// only in its long form.
func (e *exchange) answeredBy(name, line string) bool {
	if e == nil || name == "" {
		return false
	}
	for _, own := range e.names {
		switch {
		case own == "+CREG" || own == "+CGREG" || own == "+CEREG":
			if own == name && strings.Contains(e.command, "?") && answersRegistration(line) {
				return true
			}
		case own == "+CUSD":
			if own == name && strings.Contains(e.command, "?") {
				return true
			}
		case own == name, strings.Contains(own, "CCID") && strings.Contains(name, "CCID"):
			return true
		}
	}
	return false
}

// namesOf gives the names of a command line, which may hold several commands: "AT+CMEE=1;+CREG?" has +CMEE and +CREG.
func namesOf(command string) (names []string) {
	rest, ok := cutPrefixFold(command, "AT")
	if !ok {
		return nil
	}
	for _, one := range splitOutside(rest, ';') {
		if end := strings.IndexAny(one, "=?"); end >= 0 {
			one = one[:end]
		}
		if one = strings.ToUpper(strings.TrimSpace(one)); isName(one) {
			names = append(names, one)
		}
	}
	return names
}
