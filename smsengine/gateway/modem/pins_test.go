package modem

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// What may be sent, from what is known of the PIN and of the card's tries.
func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		what   string
		before outcome // "" is nothing
		left   int     // before that, -1 not known
		now    int     // tries left
		want   verdict
	}{
		{"first try", "", 0, 3, mayTry},
		{"first try, and the card does not tell", "", 0, -1, mayTry},
		{"somebody else was wrong once", "", 0, 2, mayTry},
		{"somebody else was wrong twice", "", 0, 1, isLastChance},
		{"blocked", "", 0, 0, isLastChance},
		{"right before", rightPIN, -1, 3, mayTry},
		{"right before, and the card does not tell", rightPIN, -1, -1, mayTry},
		{"right before, last try", rightPIN, -1, 1, isLastChance},
		{"wrong before", wrongPIN, -1, 3, isWrong},
		{"wrong before, last try", wrongPIN, -1, 1, isWrong},
		{"cut off, and it has cost a try", triedPIN, 3, 2, isWrong},
		{"cut off, and it has cost the last but one", triedPIN, 2, 1, isWrong},
		{"cut off before it got there", triedPIN, 3, 3, mayTry},
		{"cut off before it got there, with a try less", triedPIN, 2, 2, mayTry},
		{"cut off, and it was right", triedPIN, 2, 3, mayTry},
		{"cut off, and the card no longer tells", triedPIN, 3, -1, isUnclear},
		{"cut off, and the card never told", triedPIN, -1, -1, isUnclear},
		{"cut off, and the card tells now: all are left", triedPIN, -1, 3, mayTry},
		{"cut off, and the card tells now: one is missing", triedPIN, -1, 2, isUnclear},
	} {
		got := judge(trial{Outcome: c.before, Left: c.left}, c.before != "", c.now)
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

// A card is known by its number; where that could not be read, by its modem and its
// gateway.
func TestCardsAreKnown(t *testing.T) {
	const pin = PIN("1234")
	one, two := card{ICCID: "89001", IMEI: "490"}, card{ICCID: "89002", IMEI: "490"}
	moved, unread, elsewhere := card{ICCID: "89001", IMEI: "491"}, card{IMEI: "490"}, card{IMEI: "492"}
	nameless := card{IMEI: "port", Gateway: "office"} // neither card nor modem could be read
	for _, c := range []struct {
		tried, now card
		known      bool
	}{
		{one, one, true}, {one, two, false}, {one, moved, true}, {one, unread, true}, {one, elsewhere, false},
		{unread, unread, true}, {unread, one, true}, {unread, moved, false},
		{one, card{ICCID: "8900", IMEI: "491"}, true}, {card{ICCID: "8900", IMEI: "491"}, one, true},
		{unread, nameless, true}, {nameless, card{IMEI: "490", Gateway: "office"}, true}, {one, nameless, true}, {unread, card{IMEI: "port", Gateway: "home"}, false},
	} {
		p := pins{filepath.Join(t.TempDir(), "pins")}
		if err := p.note(c.tried, "office", pin, wrongPIN, -1); err != nil {
			t.Fatal(err)
		}
		found, known, err := p.find(c.now, pin)
		if err != nil || known != c.known || known && found.Outcome != wrongPIN {
			t.Errorf("tried on %v, now %v: %v, %v, %v", c.tried, c.now, found, known, err)
		}
		if _, known, _ := p.find(c.now, "4321"); known {
			t.Error("another PIN is known")
		}
	}
}

// Of all that is known, what says most against a PIN counts.
func TestTheWorstCounts(t *testing.T) {
	p := pins{filepath.Join(t.TempDir(), "pins")}
	for _, one := range []struct {
		card card
		o    outcome
	}{{card{IMEI: "490"}, wrongPIN}, {card{ICCID: "89001", IMEI: "490"}, rightPIN}} {
		if err := p.note(one.card, "office", "1234", one.o, -1); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []card{{ICCID: "89001", IMEI: "490"}, {IMEI: "490"}} {
		if found, known, err := p.find(c, "1234"); !known || found.Outcome != wrongPIN || err != nil {
			t.Errorf("%v: %v, %v, %v", c, found, known, err)
		}
	}
}

// What one PIN has cost is not laid at the door of another.
func TestTriesOfTwoPINs(t *testing.T) {
	p, c := pins{filepath.Join(t.TempDir(), "pins")}, card{ICCID: "89001"}
	verdictOn := func(pin PIN, left int) verdict {
		found, known, err := p.find(c, pin)
		if err != nil {
			t.Fatal(err)
		}
		return judge(found, known, left)
	}
	note := func(pin PIN, o outcome, left int) {
		if err := p.note(c, "office", pin, o, left); err != nil {
			t.Fatal(err)
		}
	}
	note("1111", triedPIN, 3) // did not get there
	note("2222", triedPIN, 3)
	note("2222", wrongPIN, -1)
	if v := verdictOn("1111", 2); v != mayTry {
		t.Errorf("one that has cost nothing: %d", v)
	}
	note("1111", triedPIN, 2) // did
	note("3333", triedPIN, 1)
	if v := verdictOn("1111", 3); v != isWrong {
		t.Errorf("one that has cost a try: %d", v)
	}
}

// Many may change the file at the same time, and nothing is lost.
func TestPinsAreShared(t *testing.T) {
	p := pins{filepath.Join(t.TempDir(), "pins")}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := p.note(card{ICCID: fmt.Sprint(89000 + i)}, "office", "1234", triedPIN, 3); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n, err := ForgetPIN(p.file, "office"); n != 20 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
}
