package modem

import (
	"fmt"
	"strings"
	"time"
)

// Line is one piece of the dialogue.
type Line struct {
	At   time.Time
	Dir  byte // '>' to the modem, '<' from it, '#' a note of the emulator's
	Text string
}

func (l Line) String() string {
	if l.Dir == '#' {
		return fmt.Sprintf("%s # %s", l.At.Format("15:04:05.000"), l.Text)
	}
	return fmt.Sprintf("%s %c %4d %q", l.At.Format("15:04:05.000"), l.Dir, len(l.Text), l.Text)
}

// Log gives the whole dialogue.
func (m *Modem) Log() []Line {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Line(nil), m.log...)
}

// Commands gives the command lines that the modem got, from "AT" on.
func (m *Modem) Commands() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.commands...)
}

// Count tells how many command lines began in this way.
func (m *Modem) Count(prefix string) (n int) {
	for _, c := range m.Commands() {
		if strings.HasPrefix(strings.ToUpper(c), strings.ToUpper(prefix)) {
			n++
		}
	}
	return n
}

func (m *Modem) note(format string, args ...any) {
	m.record('#', fmt.Sprintf(format, args...))
}

func (m *Modem) record(dir byte, text string) {
	if m.o.Quiet && dir != '#' {
		return
	}
	m.log = append(m.log, Line{time.Now(), dir, text})
}

// shown is the end of the dialogue, for a test that failed.
func shown(log []Line, n int) string {
	var b strings.Builder
	for _, l := range log[max(0, len(log)-n):] {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}
