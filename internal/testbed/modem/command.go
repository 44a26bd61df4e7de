package modem

import (
	"fmt"
	"strings"
)

// command is one command of a line, such as +CNMI=2,1: its name, its form and
// its parameters.
type command struct {
	name  string // "+CNMI", "E", "&D"; "AT" for the empty line
	form  string // "", "?", "=" or "=?"
	value string // behind the name or the "="
}

// reply is what a command gives: lines of information, and a final result.
type reply struct {
	lines  []string
	result string
}

// none is in place of a final result where there is none, or none yet.
const none = "(none)"

var (
	done   = reply{result: "OK"}
	failed = reply{result: "ERROR"}
)

func answers(lines ...string) reply { return reply{lines, "OK"} }

func fails(kind string, code int) reply { return reply{result: fmt.Sprintf("%s: %d", kind, code)} }

// handler executes a command. It holds m.mu.
type handler func(m *Modem, c command) reply

// args splits parameters at commas outside of quotes, and takes the quotes off.
func (c command) args() []string {
	var args []string
	quoted, arg := false, strings.Builder{}
	for _, r := range c.value {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ',' && !quoted:
			args = append(args, arg.String())
			arg.Reset()
		default:
			arg.WriteRune(r)
		}
	}
	return append(args, arg.String())
}

// ints are the parameters as numbers; one that is left out has its default.
func (c command) ints(defaults ...int) ([]int, bool) {
	args := c.args()
	if len(args) > len(defaults) {
		return nil, false
	}
	out := append([]int(nil), defaults...)
	for i, a := range args {
		if a = strings.TrimSpace(a); a == "" {
			continue
		}
		if _, err := fmt.Sscanf(a, "%d", &out[i]); err != nil {
			return nil, false
		}
	}
	return out, true
}

// parse reads a command line behind its "AT" (V.250 §5.2 and §5.4).
func parse(line string) (commands []command) {
	for line = strings.TrimLeft(line, "; "); line != ""; line = strings.TrimLeft(line, "; ") {
		var c command
		if strings.ContainsRune("+^$*%#", rune(line[0])) {
			c, line = parseExtended(line)
		} else {
			c, line = parseBasic(line)
		}
		commands = append(commands, c)
	}
	return commands
}

func parseExtended(line string) (command, string) {
	end, quoted := len(line), false
	for i, r := range line {
		if r == '"' {
			quoted = !quoted
		}
		if r == ';' && !quoted {
			end = i
			break
		}
	}
	whole, rest := strings.TrimSpace(line[:end]), line[end:]
	at := strings.IndexAny(whole, "=?")
	if at < 0 {
		return command{name: strings.ToUpper(whole)}, rest
	}
	c := command{name: strings.ToUpper(whole[:at]), form: whole[at : at+1], value: whole[at+1:]}
	if c.form == "=" && c.value == "?" {
		c.form, c.value = "=?", ""
	}
	return c, rest
}

// parseBasic reads a letter, or & and a letter, with its number: E0, &D2, S0=0.
func parseBasic(line string) (command, string) {
	n := 1
	if (line[0] == '&' || line[0] == '\\') && len(line) > 1 {
		n = 2
	}
	c := command{name: strings.ToUpper(line[:n])}
	line = line[n:]
	isNumber := func(r rune) bool { return r < '0' || r > '9' }
	if c.name == "S" {
		isNumber = func(r rune) bool { return (r < '0' || r > '9') && r != '=' && r != '?' }
	}
	end := strings.IndexFunc(line, isNumber)
	if end < 0 {
		end = len(line)
	}
	c.value = line[:end]
	return c, line[end:]
}

// execute executes a command line.
func (m *Modem) execute(line string) {
	at := strings.Index(strings.ToUpper(line), "AT")
	if at < 0 {
		return // noise: a modem wakes up at "AT"
	}
	line = line[at+2:]
	if m.heard++; !m.o.Quiet {
		m.commands = append(m.commands, "AT"+line)
	}
	m.executing = true
	if !m.pause(m.scaled(m.p.Times.Answer)) {
		return
	}
	m.chatter()
	commands := parse(line)
	if len(commands) == 0 {
		commands = []command{{name: "AT"}}
	}
	result := "OK"
	for _, c := range commands {
		port := m.port
		result = m.perform(c)
		if m.port != port || port == nil {
			return // it unplugged itself
		}
		if result != "OK" {
			break
		}
	}
	if m.input.text == nil {
		m.finish(m.spelt(result))
	}
}

// perform executes one command, or what is to go wrong in its place, says its
// information and gives its result.
func (m *Modem) perform(c command) string {
	life := m.life
	f := m.fault(c.name+c.form, c.name, "*")
	if f == nil {
		r := m.run(c)
		if m.life == life {
			m.lines(r.lines)
		}
		return r.result
	}
	if !m.pause(f.delay) {
		return none
	}
	m.write(f.noise)
	if f.unplug {
		m.unplug()
		return none
	}
	r := reply{result: none}
	if f.carries {
		r = m.run(c)
	}
	if n := len(r.lines); n > 0 && f.cut > 0 {
		last := r.lines[n-1]
		r.lines[n-1] = last[:max(0, len(last)-f.cut)]
	}
	if !f.mute {
		m.lines(r.lines)
	}
	switch {
	case f.result == nil:
		return r.result
	case *f.result == "":
		m.input.text = nil
		return none
	default:
		m.input.text = nil
		return *f.result
	}
}

// run executes one command as it should be.
func (m *Modem) run(c command) reply {
	for _, known := range []map[string]handler{m.p.Commands, common} {
		for _, name := range []string{c.name + c.form, c.name} {
			h, ok := known[name]
			switch {
			case ok && h == nil:
				return reply{result: m.p.Unknown}
			case ok:
				if r, locked := m.locked(c); locked {
					return r
				}
				return h(m, c)
			}
		}
	}
	return reply{result: m.p.Unknown}
}

// chatter says one of the lines that the model says of its own accord, at every
// third command.
func (m *Modem) chatter() {
	if len(m.p.Chatter) == 0 || !m.chats || m.heard%3 != 0 {
		return
	}
	m.lines([]string{m.p.Chatter[m.heard/3%len(m.p.Chatter)]})
}
