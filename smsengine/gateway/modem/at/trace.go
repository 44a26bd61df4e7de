package at

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Trace is a line of a dialogue.
type Trace struct {
	Time time.Time
	Out  bool   // written, not read
	Size int    // octets on the wire, line ends and noise included
	Text string // printable ASCII, with PINs, bodies and USSD hidden
}

// String gives "> 8 AT+CSQ" for what was written, "< 15 +CSQ: 17,99" for what was read, the number being the size.
func (t Trace) String() string {
	direction := "<"
	if t.Out {
		direction = ">"
	}
	return direction + " " + strconv.Itoa(t.Size) + " " + t.Text
}

const hidden = "***"

// mask hides what a trace must not show.
type mask struct {
	texts bool     // bodies may show
	pins  []string // all that were ever sent
}

// learn remembers the PINs of a command.
func (m *mask) learn(command string) {
	if !secret(command) {
		return
	}
	_, after, _ := strings.Cut(command, "=")
	for _, pin := range strings.FieldsFunc(after, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(pin) >= 4 && !slices.Contains(m.pins, pin) {
			m.pins = append(m.pins, pin)
		}
	}
}

// secretNames are the commands that name a PIN, as far as vendors have agreed.
var secretNames = []string{"PIN", "PUK", "CPWD", "CLCK"}

// secret reports whether a command line names a PIN.
func secret(command string) bool {
	upper := strings.ToUpper(command)
	before, after, found := strings.Cut(upper, "=")
	if !found || after == "?" {
		return false
	}
	for _, name := range secretNames {
		if strings.Contains(before, name) || strings.Contains(after, name+"=") {
			return true
		}
	}
	return false
}

// maskCommand hides all that stands behind the first = of a command line that names a PIN.
func maskCommand(command string) string {
	if !secret(command) {
		return printable(command)
	}
	before, _, _ := strings.Cut(command, "=")
	return printable(before) + "=" + hidden
}

// sent describes what is written.
func (m *mask) sent(octets string) Trace {
	t := Trace{Out: true, Size: len(octets)}
	switch body, isBody := strings.CutSuffix(octets, ctrlZ); {
	case octets == escape:
		t.Text = "ESC"
	case octets == ctrlZ:
		t.Text = "Ctrl-Z"
	case isBody && m.texts:
		t.Text = m.clean(body) + " Ctrl-Z"
	case isBody:
		t.Text = fmt.Sprintf("(%d characters) Ctrl-Z", len(body))
	default:
		t.Text = m.line(strings.TrimSuffix(octets, "\r"))
	}
	return t
}

// received describes what was read while e ran. body says whether the line may belong to an earlier one.
func (m *mask) received(t token, e *exchange, body expectation) Trace {
	out := Trace{Size: t.size}
	switch {
	case t.prompt:
		out.Text = "prompt"
	case t.tooLong:
		out.Text = "(too long)"
	case !m.texts && m.private(t.text, e, body), e != nil && e.secret && !harmless(t.text, e):
		out.Text = fmt.Sprintf("(%d characters)", len(t.text))
	default:
		out.Text = m.line(t.text)
	}
	return out
}

// private reports whether a line may be somebody's text, or a piece of it.
func (m *mask) private(line string, e *exchange, body expectation) bool {
	if isFinal(line, e) || body != anyLine && harmless(line, e) {
		return false
	}
	if body != noLine || e.carriesTexts() {
		return true
	}
	return isHexPiece(line) && !e.identifies()
}

// harmless reports whether a line is a result, or has the name of one of the answers and reports of the standards.
func harmless(line string, e *exchange) bool {
	if isFinal(line, e) {
		return true
	}
	name, _ := Fields(line)
	return name != ""
}

// carriesTexts reports whether lines without a name that answer the command are texts.
func (e *exchange) carriesTexts() bool {
	if e == nil {
		return false
	}
	if e.body != "" {
		return true
	}
	for _, name := range e.names {
		if strings.HasPrefix(name, "+CMG") && name != "+CMGF" && name != "+CMGD" || name == "+CNMA" || name == "+CRSM" || name == "+CSIM" {
			return true
		}
	}
	return false
}

// identifies reports whether the command asks for a number of the modem or its SIM, which are lines of digits.
func (e *exchange) identifies() bool {
	if e == nil {
		return false
	}
	for _, name := range e.names {
		for _, id := range []string{"CGSN", "GSN", "CIMI", "CCID"} {
			if strings.HasSuffix(name, id) {
				return true
			}
		}
	}
	return false
}

// line hides the PIN of a command, whoever says it, all USSD and every long run of hexadecimal digits.
func (m *mask) line(text string) string {
	if at := strings.Index(strings.ToUpper(text), "AT"); at >= 0 && secret(text[at:]) {
		return m.clean(text[:at]) + maskCommand(text[at:])
	}
	text = m.clean(text)
	if m.texts {
		return text
	}
	if strings.Contains(strings.ToUpper(text), "+CUSD") {
		text = hideQuoted(text)
	}
	return hideHex(text)
}

// clean makes a text printable and hides known PINs.
func (m *mask) clean(text string) string {
	for _, pin := range m.pins {
		text = strings.ReplaceAll(text, pin, hidden)
	}
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hideQuoted hides what stands in quotes, to the end if they are not closed.
func hideQuoted(text string) string {
	pieces := strings.Split(text, `"`)
	for i := 1; i < len(pieces); i += 2 {
		pieces[i] = hidden
	}
	return strings.Join(pieces, `"`)
}
