package at

import "strings"

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
