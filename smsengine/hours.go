package smsengine

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Hours are the windows of time in which a gateway sends; none: always.
type Hours []Window

// Window is hours on days of the week, written "mon-fri 08:00-18:30", "sat
// 09:00-12:00" or, on all days, "22:00-06:00". One that ends at or before its
// beginning ends on the day after.
type Window struct {
	First, Last time.Weekday  // days on which it begins; Last may come before First, as in "sat-mon"
	From, To    time.Duration // after midnight, by the clock on the wall
}

var errWindow = errors.New(`want hours, with days of the week or without, such as "mon-fri 08:00-18:30" or "22:00-06:00"`)

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText reads a window.
func (w *Window) UnmarshalText(text []byte) error {
	v := Window{First: time.Sunday, Last: time.Saturday}
	words := strings.Fields(strings.ToLower(string(text)))
	if len(words) == 2 {
		first, last, several := strings.Cut(words[0], "-")
		if !several {
			last = first
		}
		var ok, too bool
		v.First, ok = weekday(first)
		v.Last, too = weekday(last)
		if !ok || !too {
			return errWindow
		}
		words = words[1:]
	}
	if len(words) != 1 {
		return errWindow
	}
	from, to, _ := strings.Cut(words[0], "-")
	var ok, too bool
	v.From, ok = clock(from)
	v.To, too = clock(to)
	if !ok || !too || v.From == Day {
		return errWindow
	}
	*w = v
	return nil
}

func weekday(name string) (time.Weekday, bool) {
	for i, d := range weekdays {
		if name == d {
			return time.Weekday(i), true
		}
	}
	return 0, false
}

// clock reads a time of day, "24:00" included.
func clock(text string) (time.Duration, bool) {
	if text == "24:00" {
		return Day, true
	}
	t, err := time.Parse("15:04", text)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil && len(text) == 5
}

// MarshalText writes what UnmarshalText reads.
func (w Window) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

func (w Window) String() string {
	hours := fmt.Sprintf("%s-%s", hhmm(w.From), hhmm(w.To))
	switch {
	case w.First == time.Sunday && w.Last == time.Saturday:
		return hours
	case w.First == w.Last:
		return weekdays[w.First] + " " + hours
	}
	return weekdays[w.First] + "-" + weekdays[w.Last] + " " + hours
}

func hhmm(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// on reports whether the window begins on such a day.
func (w Window) on(d time.Weekday) bool {
	return (d-w.First+7)%7 <= (w.Last-w.First+7)%7
}

// open reports whether a time, in the zone of the clock on the wall, is in the
// window.
func (w Window) open(t time.Time) bool {
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute +
		time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	if w.From < w.To {
		return w.on(t.Weekday()) && at >= w.From && at < w.To
	}
	yesterday := (t.Weekday() + 6) % 7
	return w.on(t.Weekday()) && at >= w.From || w.on(yesterday) && at < w.To
}

// Open reports whether a time is in one of the windows. Its zone counts.
func (h Hours) Open(t time.Time) bool {
	for _, w := range h {
		if w.open(t) {
			return true
		}
	}
	return len(h) == 0
}

// Opens is the next time after t that is in one of the windows, if t is not; zero
// if there is none. It is one at which a window begins, or at which the clocks
// are changed.
func (h Hours) Opens(t time.Time) time.Time {
	var first time.Time
	consider := func(c time.Time) {
		if c.After(t) && (first.IsZero() || c.Before(first)) && h.Open(c) {
			first = c
		}
	}
	if _, changed := t.ZoneBounds(); !changed.IsZero() {
		consider(changed.In(t.Location()))
	}
	year, month, day := t.Date()
	for days := range 9 {
		for _, w := range h {
			consider(time.Date(year, month, day+days, int(w.From.Hours()), int(w.From.Minutes())%60, 0, 0, t.Location()))
			consider(time.Date(year, month, day+days, 0, 0, 0, 0, t.Location())) // where the day begins late
		}
	}
	return first
}
