package smsengine

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var morning = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) // a Monday

// Whatever is taken, begun and given back: in no span that a rate is for are more
// parts sent than it says, and a gate with room is not kept shut.
func TestRatesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rates := []Rate{{rapid.IntRange(1, 4).Draw(t, "a second"), time.Second}, {rapid.IntRange(2, 20).Draw(t, "a minute"), time.Minute}}
		g := newGate(Lane{Rates: rates}, nil)
		now, held := morning, 0
		var sent []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			case 1:
				room := g.room(now)
				if took := g.take(now); took != (room > 0) {
					t.Fatalf("room for %d, took %v", room, took)
				} else if took {
					held++
				}
			case 2:
				if held > 0 {
					g.begin(now, 1)
					sent, held = append(sent, now), held-1
				}
			case 3:
				if held > 0 {
					g.give(1)
					held--
				}
			}
			if at := g.opens(now); g.room(now) == 0 && held == 0 {
				if !at.After(now) || g.room(at.Add(-time.Nanosecond)) > 0 || g.room(at) == 0 {
					t.Fatalf("the gate says that it opens %v from now", at.Sub(now))
				}
			}
		}
		for _, r := range rates {
			for i := range sent {
				if last := i + r.Parts; last < len(sent) && sent[last].Sub(sent[i]) < r.Every {
					t.Fatalf("%d parts in %v, the rate is %s", r.Parts+1, sent[last].Sub(sent[i]), r)
				}
			}
		}
	})
}

// Further parts of a message wait for the rate, and go before what has not begun.
func TestPartsWaitForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(Lane{Rates: []Rate{{2, time.Second}}}, nil)
		start := time.Now()
		g.take(start)
		g.begin(start, 1)
		var at []time.Duration
		for range 4 {
			if err := g.wait(t.Context(), time.Now); err != nil {
				t.Fatal(err)
			}
			g.begin(time.Now(), 1)
			at = append(at, time.Since(start))
		}
		for i, want := range []time.Duration{0, time.Second, time.Second, 2 * time.Second} {
			if at[i] != want {
				t.Errorf("part %d left after %v, want %v", i+2, at[i], want)
			}
		}
		go func() { _ = g.wait(t.Context(), time.Now) }()
		synctest.Wait()
		time.Sleep(time.Second / 2)
		if g.take(time.Now()) {
			t.Error("a message began before the part that waits")
		}
		time.Sleep(time.Second)
		synctest.Wait()
	})
}

func TestBreaker(t *testing.T) {
	dead := Status{Class: Temporary, Code: "4.4.1"}
	fine, absent := Status{}, Status{Class: Permanent, Code: "5.1.1"}
	g := newGate(Lane{Breaker: Breaker{Failures: 3, First: 15 * time.Second, Most: time.Minute}}, nil)
	now := morning
	attempt := func(s Status) {
		t.Helper()
		if !g.take(now) {
			t.Fatal("no room")
		}
		g.heard(now, g.begin(now, 1), s, true)
	}
	attempt(dead)
	attempt(dead)
	attempt(absent) // it answered
	attempt(dead)
	attempt(dead)
	if !g.able(now) {
		t.Fatal("it rests before three failures in a row")
	}
	late := g.begin(now, 1)
	attempt(dead)
	for _, rest := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, time.Minute} {
		if g.able(now) || g.room(now) > 0 || !g.opens(now).Equal(now.Add(rest)) {
			t.Fatalf("able %v, room %d, opens after %v; want %v", g.able(now), g.room(now), g.opens(now).Sub(now), rest)
		}
		g.heard(now, late, dead, true) // what began before says nothing new
		now = now.Add(rest)
		if g.room(now) != 1 || !g.take(now) || g.take(now) || g.able(now) {
			t.Fatal("after a rest one text tries, and one alone")
		}
		g.give(1) // there was none
		if !g.take(now) {
			t.Fatal("the place of the one that tries was lost")
		}
		g.heard(now, g.begin(now, 1), dead, true)
	}
	now = now.Add(time.Minute)
	attempt(fine)
	if !g.able(now) || g.room(now) < 100 {
		t.Fatal("it does not go on")
	}
	for range 2 {
		attempt(dead)
	}
	if !g.able(now) {
		t.Fatal("it counts the failures of before")
	}
}

// What the driver sees itself is the driver's.
func TestBreakerLeavesItToTheDriver(t *testing.T) {
	g := newGate(Lane{Breaker: Breaker{Failures: 2}}, nil)
	for range 10 {
		g.take(morning)
		g.heard(morning, g.begin(morning, 1), Status{Class: Temporary, Code: "4.3.1"}, false)
	}
	if !g.able(morning) {
		t.Error("two rest at once")
	}
}

func TestBlames(t *testing.T) {
	for _, x := range []struct {
		s    Status
		want bool
		what string
	}{
		{Status{}, false, "sent"},
		{Status{Class: Uncertain, Code: "4.4.2"}, true, "the answer was lost"},
		{Status{Class: Temporary, Code: "4.3.0"}, true, "the gateway's system"},
		{Status{Class: Temporary, Code: "4.4.1"}, true, "no connection"},
		{Status{Class: Temporary, Code: "4.4.5"}, true, "congestion"},
		{Status{Class: Temporary, Code: "4.4.1", Diagnostic: "RP-Cause 27 (destination out of order)"}, false, "the phone is off"},
		{Status{Class: Temporary, Code: "4.4.4"}, false, "no way to that phone"},
		{Status{Class: Temporary, Code: "4.2.2"}, false, "the phone is full"},
		{Status{Class: Temporary, Code: "4.5.3"}, false, "too many recipients"},
		{Status{Class: Temporary, Code: "4.7.1"}, false, "not permitted"},
		{Status{Class: Permanent, Code: "5.3.0"}, false, "refused for good"},
		{Status{Class: Permanent, Code: "5.1.1"}, false, "no such number"},
		{StatusOf(errUnclassified), true, "a driver that says nothing"},
	} {
		if got := blames(x.s); got != x.want {
			t.Errorf("%s (%s): %v", x.what, x.s.Code, got)
		}
	}
}

var errUnclassified = ErrStale // any error without a class

func TestHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, x := range []struct {
		windows []string
		now     string
		opens   string // "": it is open; "never"
	}{
		{nil, "2026-11-23 03:00", ""},
		{[]string{"08:00-18:30"}, "2026-11-23 08:00", ""},
		{[]string{"08:00-18:30"}, "2026-11-23 18:29", ""},
		{[]string{"08:00-18:30"}, "2026-11-23 18:30", "2026-11-24 08:00"},
		{[]string{"mon-fri 08:00-18:00", "sat 09:00-12:00"}, "2026-11-27 18:00", "2026-11-28 09:00"}, // a Friday
		{[]string{"mon-fri 08:00-18:00", "sat 09:00-12:00"}, "2026-11-28 12:00", "2026-11-30 08:00"},
		{[]string{"22:00-06:00"}, "2026-11-23 05:59", ""},
		{[]string{"22:00-06:00"}, "2026-11-23 06:00", "2026-11-23 22:00"},
		{[]string{"fri 22:00-06:00"}, "2026-11-28 05:00", ""}, // the night that began on Friday
		{[]string{"fri 22:00-06:00"}, "2026-11-27 05:00", "2026-11-27 22:00"},
		{[]string{"sat-mon 00:00-24:00"}, "2026-11-24 00:00", "2026-11-28 00:00"},
		{[]string{"sat-mon 00:00-24:00"}, "2026-11-23 23:59", ""},
		{[]string{"02:30-06:00"}, "2027-03-28 01:59", "2027-03-28 03:00"}, // 02:30 is not on the clock that day
		{[]string{"02:00-02:45"}, "2027-03-28 01:59", "2027-03-29 02:00"},
		{[]string{"02:30-03:00"}, "2026-10-25 01:00", "2026-10-25 02:30"},
	} {
		var h Hours
		for _, text := range x.windows {
			var w Window
			if err := w.UnmarshalText([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if w.String() != text {
				t.Errorf("%q is written as %q", text, w)
			}
			h = append(h, w)
		}
		now := at(x.now)
		if open := h.Open(now); open != (x.opens == "") {
			t.Errorf("%v at %s: open %v", h, x.now, open)
		}
		if x.opens != "" {
			if got := h.Opens(now); got.Format("2006-01-02 15:04") != x.opens {
				t.Errorf("%v at %s: opens %v, want %s", h, x.now, got, x.opens)
			}
		}
	}
	for _, wrong := range []string{"", "mon", "8:00-18:00", "mon-fri 8-18", "25:00-26:00", "funday 08:00-09:00", "mon-fri-sat 08:00-09:00", "24:00-06:00", "08:00", "mon tue 08:00-09:00"} {
		var w Window
		if w.UnmarshalText([]byte(wrong)) == nil {
			t.Errorf("%q was read as %s", wrong, w)
		}
	}
}

// The next time that Opens gives is open, and no minute before it is.
func TestHoursOpenWhenTheySay(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		var h Hours
		for range rapid.IntRange(1, 3).Draw(t, "windows") {
			h = append(h, Window{
				First: time.Weekday(rapid.IntRange(0, 6).Draw(t, "first")), Last: time.Weekday(rapid.IntRange(0, 6).Draw(t, "last")),
				From: time.Duration(rapid.IntRange(0, 1439).Draw(t, "from")) * time.Minute, To: time.Duration(rapid.IntRange(0, 1440).Draw(t, "to")) * time.Minute,
			})
		}
		now := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, zone)
		if h.Open(now) {
			return
		}
		next := h.Opens(now)
		for at := now; at.Before(next) && at.Before(now.Add(10*24*time.Hour)); at = at.Add(time.Minute) {
			if h.Open(at) {
				t.Fatalf("%v at %v: open at %v, and Opens says %v", h, now, at, next)
			}
		}
		if !next.IsZero() && !h.Open(next) {
			t.Fatalf("%v at %v: not open at %v", h, now, next)
		}
	})
}

// People hear of a gateway that fails when the first text that tried has failed
// as well, and see why it sends nothing.
func TestHealthTellsOfTheGate(t *testing.T) {
	var hours Window
	if err := hours.UnmarshalText([]byte("09:00-10:30")); err != nil {
		t.Fatal(err)
	}
	g := newGate(Lane{Breaker: Breaker{Failures: 1}, Hours: Hours{hours}, Rates: []Rate{{1, time.Minute}, {3, Day}}}, nil)
	g.day.begin("2026-11-23", 0)
	g.day.granted = 3
	now := morning
	health := func() Health {
		h := Health{Ready: true, Text: "registered"}
		g.tell(now, &h)
		return h
	}
	fail := func() {
		g.take(now)
		g.heard(now, g.begin(now, 1), Status{Class: Temporary, Code: "4.4.1", Text: "no answer"}, true)
	}
	if h := health(); !h.Ready || h.Text != "registered" || len(h.Alarms) > 0 {
		t.Errorf("well: %+v", h)
	}
	fail()
	if h := health(); h.Ready || h.Text != "rests until 10:00:15, after failures in a row: no answer (4.4.1); at its rate; registered" || len(h.Alarms) > 0 {
		t.Errorf("one rest: %+v", h)
	}
	now = now.Add(time.Minute)
	fail()
	if h := health(); len(h.Alarms) != 1 || !h.Alarms[0].Since.Equal(morning) || h.Alarms[0].Name != "failing" {
		t.Errorf("two rests: %+v", h)
	}
	now = now.Add(time.Minute)
	g.take(now)
	g.heard(now, g.begin(now, 1), Status{}, true)
	if h := health(); h.Ready || h.Text != "has sent its 3 parts of this day; at its rate; registered" || len(h.Alarms) > 0 {
		t.Errorf("the day is full: %+v", h)
	}
	now = now.Add(time.Hour)
	if h := health(); h.Text != "outside its hours until Tue 09:00; has sent its 3 parts of this day; registered" {
		t.Errorf("in the evening: %+v", h)
	}
}
