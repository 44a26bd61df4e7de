package storetest

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var linkCases = map[string]func(*bed){
	"codes tell links apart":     linkCodes,
	"links of all our numbers":   linkAllNumbers,
	"a phone's name stays":       linkNames,
	"old links and conflicts go": linkPrune,
}

// link has a text of the sender's taken at a time, and gives the code of the link.
func (b *bed) link(sender, name string, from smsengine.Address, at time.Time) int {
	b.Helper()
	m := b.sending(func(m *smsengine.Message) {
		m.From, m.Body.Name, m.LinkFor = smsengine.Mailbox(sender+"@example.org"), name, time.Hour
	})
	e := taken(m, 0, fmt.Sprint("ref", b.n))
	e.At, e.Taken.Ours = at, from
	b.record(e)
	for _, l := range b.links(from, at) {
		if l.Sender == m.From {
			return l.Code
		}
	}
	b.Fatalf("%s has no link", sender)
	return 0
}

func (b *bed) links(ours smsengine.Address, now time.Time) []smsengine.Link {
	b.Helper()
	ls, err := b.store.Links(b.ctx(), ours, phone, now)
	if err != nil {
		b.Fatal(err)
	}
	return ls
}

func linkCodes(b *bed) {
	for i, c := range []struct {
		sender string
		after  time.Duration
		want   int
		why    string
	}{
		{"john", 0, 1, "the first"},
		{"mary", 30 * time.Minute, 2, "the second"},
		{"john", 59 * time.Minute, 1, "john's is renewed before its end"},
		{"anna", 100 * time.Minute, 2, "mary's has ended, and john's has not"},
		{"mary", 101 * time.Minute, 3, "mary's is made anew"},
		{"paul", 102 * time.Minute, 4, "three live"},
		{"paul", 180 * time.Minute, 1, "all others have ended"},
	} {
		if got := b.link(c.sender, "", ours, start.Add(c.after)); got != c.want {
			b.Errorf("%d: the code of %s is %d, want %d: %s", i, c.sender, got, c.want, c.why)
		}
	}
	if got := b.link("mary", "", other, start.Add(180*time.Minute)); got != 1 {
		b.Errorf("of another number of ours: %d", got)
	}
}

func linkAllNumbers(b *bed) {
	b.link("john", "", ours, start)
	b.link("mary", "", other, start.Add(time.Minute))
	ls := b.links(smsengine.Address{}, start.Add(time.Minute))
	if len(ls) != 2 || ls[0].Ours != other || ls[1].Ours != ours || ls[0].Theirs != phone {
		b.Errorf("links of all numbers %+v, want mary's and john's", ls)
	}
	if ls := b.links(ours, start.Add(time.Minute)); len(ls) != 1 || ls[0].Ours != ours {
		b.Errorf("links of one: %+v", ls)
	}
}

func linkNames(b *bed) {
	for i, c := range [][2]string{{"", ""}, {"Grandpa", "Grandpa"}, {"", "Grandpa"}, {"Grand-père", "Grand-père"}} {
		at := start.Add(time.Duration(i) * time.Minute)
		b.link("john", c[0], ours, at)
		if ls := b.links(ours, at); ls[0].Name != c[1] {
			b.Errorf("after a text to %q the phone is called %q, want %q", c[0], ls[0].Name, c[1])
		}
	}
}

func linkPrune(b *bed) {
	b.link("john", "", ours, start)
	b.link("mary", "", ours, start.Add(time.Minute))
	b.effect(
		stop(ours),
		smsengine.KeepConflict{Ours: ours, Theirs: phone, Conflict: smsengine.Conflict{Message: "old", Day: start, Told: 1}},
		smsengine.KeepConflict{Ours: other, Theirs: phone, Conflict: smsengine.Conflict{Message: "new", Day: start.Add(time.Hour + time.Minute), Told: 1}},
	)
	before := start.Add(time.Hour + 30*time.Second)
	for _, c := range []struct {
		before    time.Time
		links     int
		remembers bool
	}{{before, 2, true}, {before.Add(smsengine.LinkAge), 1, false}} {
		if err := b.store.Prune(b.ctx(), c.before); err != nil {
			b.Fatal(err)
		}
		if n := len(b.links(ours, start)); n != c.links {
			b.Errorf("%d links are left, want %d", n, c.links)
		}
		if got, err := b.store.Conflict(b.ctx(), ours, phone); err != nil || (got.Message == "old") != c.remembers {
			b.Errorf("the old conflict: %+v, %v", got, err)
		}
	}
	if got, err := b.store.Conflict(b.ctx(), other, phone); err != nil || got.Message != "new" {
		b.Errorf("the new conflict: %+v, %v", got, err)
	}
	b.wantStopped(phone, ours)
}
