package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// clock is how commands write a time: that of the reader's place.
const clock = "2006-01-02 15:04:05"

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// indent sets a text off. What could change the terminal is left out: anybody
// can write a text.
func indent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = "    " + clean(l)
	}
	return strings.Join(lines, "\n")
}

// clean removes control characters, those that end a line, and those that turn the
// direction of what follows, so that it would read as something else (UAX #9).
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
		case r < ' ', r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s)
}

// place writes an address for a person.
func place(a smsengine.Address) string {
	switch {
	case a.IsZero():
		return "nobody"
	case a.Scheme == smsengine.Hook, a.Scheme == smsengine.ByRule: // it looks like the name of anything
		return clean(a.String())
	}
	return clean(a.Value)
}

// outcome writes a status: "4.4.5 the phone network is busy".
func outcome(s smsengine.Status) string {
	return clean(strings.TrimSpace(s.Code + " " + s.Text))
}

// until writes how long it is to a time.
func until(at, now time.Time) string {
	d := at.Sub(now)
	switch {
	case d <= 0:
		return "now"
	case d < time.Minute:
		return "in " + d.Round(time.Second).String()
	case d < 48*time.Hour:
		return "in " + strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return "on " + at.Local().Format("2006-01-02")
}
