package stage

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// The oracle says in other words than the list what becomes of a text.
func oracle(x combination) (to string, asked bool) {
	switch {
	case x.text.empty:
		return "", false
	case x.text.direct && x.direct:
		return "anna@example.org", false
	case x.on && x.links == 1:
		return "john@example.org", false
	case x.on && x.links == 2 && x.text.code && x.told:
		return "mary@example.org", false
	case x.on && x.links == 2 && x.asking && x.sender == "+15551234567" && !x.text.stop:
		return desk, true
	case x.rules:
		return "ruled@example.org", false
	}
	return desk, false
}

type combination struct {
	direct, on, told, asking, rules bool
	links                           int
	sender                          string
	text                            struct {
		words                     string
		empty, direct, code, stop bool
	}
}

// Every combination of switches, links, texts and senders: it goes where the
// oracle says, and nothing that it says is lost.
func TestIncomingInEveryCombination(t *testing.T) {
	texts := []struct {
		words                     string
		empty, direct, code, stop bool
	}{
		{words: " ", empty: true}, {words: "hello"}, {words: "2 hello", code: true}, {words: "2", code: true},
		{words: "hello #anna@example.org#", direct: true}, {words: "hello #staff-owner@example.org#"}, {words: "STOP", stop: true},
		{words: "2 hello #anna@example.org#", direct: true, code: true},
	}
	c, n := reception(t), 0
	for bits := range 32 {
		for links := range 3 {
			for _, sender := range []string{"+15551234567", "72727", "BANK", ours.Value} {
				for _, text := range texts {
					x := combination{bits&1 > 0, bits&2 > 0, bits&4 > 0, bits&8 > 0, bits&16 > 0, links, sender, text}
					n++
					checkCombination(t, c, x)
				}
			}
		}
	}
	if n != 32*3*4*8 {
		t.Errorf("%d combinations", n)
	}
}

// ruledSet forwards what nobody gets yet.
var ruledSet = func() *rule.Set {
	s, err := rule.Parse(fstest.MapFS{}, "incoming.toml", []byte("[[rule]]\ntitle = \"x\"\nif.routed = false\nthen.forward = \"ruled@example.org\"\n"), rule.Incoming, rule.Site{})
	if err != nil {
		panic(err)
	}
	return s
}()

func checkCombination(t *testing.T, c Config, x combination) {
	t.Helper()
	from := smsengine.Phone(x.sender)
	f := withKept{facts{}, kept}
	for _, l := range []smsengine.Link{john, mary}[:x.links] {
		l.Theirs = from
		f.links = append(f.links, l)
	}
	if x.told {
		f.conflict = told
	}
	if !x.direct {
		c.DirectDomains = nil
	}
	if !x.on {
		c.LinkFor = 0
	}
	if !x.asking {
		c.Conflict = ""
	}
	ruled := false
	if x.rules {
		c.Rules = Rules{Incoming: func() *rule.Set { return ruledSet }, Explained: func(rule.Decision) { ruled = true }}
	}
	d := textBy(from, x.text.words, f)
	_, err := decide(t, Incoming(c), d)
	to, asked := oracle(x)
	m := d.Message
	if err != nil || m.To.Value != to || (len(d.Notices) > 0) != asked || (d.Dropped != "") != x.text.empty {
		t.Fatalf("%+v: to %q, want %q; asked %v, want %v; dropped %q, %v", x, m.To.Value, to, len(d.Notices) > 0, asked, d.Dropped, err)
	}
	if want := x.rules && (to == "ruled@example.org" || to == "anna@example.org"); ruled != want {
		t.Fatalf("%+v: the rules were asked: %v", x, ruled)
	}
	if stops := has[smsengine.Suppress](d); stops != (x.text.stop && x.sender != "BANK") {
		t.Fatalf("%+v: STOP is heard: %v", x, stops)
	}
	if x.text.empty {
		return
	}
	all := m.Body.Text + " " + m.Body.Received.Note + " " + m.To.Value
	for _, word := range strings.Fields(x.text.words) {
		chose := m.About == "m2" && word == "2"
		if !chose && !strings.Contains(all, strings.Trim(word, "#")) {
			t.Fatalf("%+v: %q is lost: %q, %q", x, word, m.Body.Text, m.Body.Received.Note)
		}
	}
}
