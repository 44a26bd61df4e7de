package stage

import (
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/price"
)

// wide carries everything; short, plain and mute lack something.
var (
	wide  = smsengine.Abilities{National: true, Sender: true, Receipts: true}
	short = smsengine.Abilities{National: true, Sender: true, Receipts: true, MaxParts: 1}
	plain = smsengine.Abilities{Alphabets: []string{"gsm7"}, National: true, Sender: true, Receipts: true}
	mute  = smsengine.Abilities{National: true}
)

func way(t *testing.T, can smsengine.Abilities, cost, prices string, fallback ...string) Way {
	t.Helper()
	w := Way{Can: &can, Fallback: fallback}
	if cost != "" {
		p, err := price.Parse(cost)
		if err != nil {
			t.Fatal(err)
		}
		w.Cost = &p
	}
	if prices != "" {
		var err error
		if w.Prices, err = price.Read(strings.NewReader(prices)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// What a text's route is and why, as postel explain prints it.
func TestRouteIsExplained(t *testing.T) {
	const german, home, maritime = "+491711234567", "+15551234567", "+881612345678"
	equal := map[string]Way{"a": way(t, wide, "", ""), "b": way(t, wide, "", "")}
	cost := map[string]Way{"a": way(t, wide, "0.07", ""), "b": way(t, wide, "0.05", ""), "c": way(t, wide, "0.05", "")}
	tables := map[string]Way{
		"a": way(t, wide, "", "1,0.01\n49,0.09\n4917,0.06"),
		"b": way(t, wide, "0.2", "1,0.02\n49,0.07\n881,-"),
		"c": way(t, short, "", "49,0.05\n881,2"),
	}
	lacking := map[string]Way{"a": way(t, plain, "", ""), "b": way(t, short, "", ""), "c": way(t, mute, "", "")}
	backed := map[string]Way{"a": way(t, short, "", "", "b", "c"), "b": way(t, plain, "9", ""), "c": way(t, wide, "1", "1,-")}
	long := strings.Repeat("a long text ", 20)
	for _, x := range []struct {
		name     string
		ways     map[string]Way
		to, text string
		change   func(d *smsengine.Draft)
		want     string // the route and the reasons, or the refusal
	}{
		{"equal ranks", equal, home, "hi", nil, "a b"},
		{"cost", cost, home, "hi", nil, "b (0.05) c (0.05) |30s a (0.07)"},
		{"prefixes: the longest counts", tables, german, "hi", nil, "c (0.05) |30s a (0.06) |30s b (0.07)"},
		{"prefixes: too long for the cheapest", tables, german, long, nil, "a (0.06) |30s b (0.07); not c: the text is too long: this gateway carries 1 part(s)"},
		{"prefixes: not listed, and listed as unreachable", tables, maritime, "hi", nil, "c (2); not a: it does not reach this number; not b: it does not reach this number"},
		{"prefixes: what is not listed has a cost of its own", tables, "+441234567890", "hi", nil, "b (0.2); not a: it does not reach this number; not c: it does not reach this number"},
		{"nobody carries it", map[string]Way{"a": tables["a"], "c": tables["c"]}, maritime, long, nil, "5.2.3 the text is too long: this gateway carries 1 part(s)"},
		{"nobody reaches it", map[string]Way{"a": tables["a"]}, maritime, "hi", nil, "5.4.4 no gateway reaches this number"},
		{"alphabet", lacking, home, "Привет", nil, "b c; not a: this gateway cannot carry the characters of this text"},
		{"binary", lacking, home, "", func(d *smsengine.Draft) {
			d.Message.Body = smsengine.Body{Alphabet: "binary", Data: make([]byte, 300)}
		}, "c; not a: this gateway carries no binary messages; not b: the text is too long: this gateway carries 1 part(s)"},
		{"sender", lacking, home, "hi", func(d *smsengine.Draft) { d.Params = smsengine.Params{{Name: "sender", Value: "BANK"}} }, "a b; not c: this gateway cannot show another sender"},
		{"sender that nobody can show", map[string]Way{"c": lacking["c"]}, home, "hi", func(d *smsengine.Draft) { d.Params = smsengine.Params{{Name: "sender", Value: "BANK"}} }, "c"},
		{"receipts", lacking, home, "hi", func(d *smsengine.Draft) { d.Message.Notify = smsengine.NotifySuccess }, "a b; not c: this gateway does not tell what became of a text"},
		{"a rule goes before the id", equal, home, "hi", func(d *smsengine.Draft) { d.Gateway = "b"; d.Params = smsengine.Params{{Name: "id", Value: "a"}} }, "b by a rule"},
		{"the id goes before the account", equal, home, "hi", func(d *smsengine.Draft) {
			d.Params, d.Terms.Gateway = smsengine.Params{{Name: "id", Value: "a"}}, "b"
		}, "a by its id"},
		{"the account goes before the cost", cost, home, "hi", func(d *smsengine.Draft) { d.Terms.Gateway = "a" }, "a by the account"},
		{"a pinned text that its gateway cannot carry", lacking, home, "Привет", func(d *smsengine.Draft) { d.Gateway = "a" }, "5.6.1 this gateway cannot carry the characters of this text"},
		{"fallback in its order, whatever it costs", backed, german, "hi", func(d *smsengine.Draft) { d.Gateway = "a" }, "a | b | c by a rule"},
		{"fallback that can take it", backed, home, "hi", func(d *smsengine.Draft) { d.Gateway = "a" }, "a | b by a rule; not c: it does not reach this number"},
		{"fallback alone can carry it", backed, german, strings.Repeat("Привет ", 20), func(d *smsengine.Draft) { d.Gateway = "a" }, "c by a rule; not a: the text is too long: this gateway carries 1 part(s); not b: this gateway cannot carry the characters of this text"},
		{"a rule names nobody", equal, home, "hi", func(d *smsengine.Draft) { d.Gateway = "gone" }, "4.3.5 the gateway that a rule names is not there now"},
		{"before there is a text nobody is passed over for it", lacking, home, "", func(d *smsengine.Draft) { d.Preview = true }, "a b c"},
		{"short codes are in no table", tables, "72727", "hi", nil, "a (0) c (0) |30s b (0.2)"},
	} {
		c := config(t)
		c.Phones, c.Ways, c.Patience = nil, x.ways, 30*time.Second
		for _, id := range []string{"a", "b", "c"} {
			if _, there := x.ways[id]; there {
				c.Phones = append(c.Phones, id)
			}
		}
		d := mailFrom("john@example.org", x.to+"@sms.example.org", x.text, facts{})
		d.Message.To = smsengine.Phone(x.to)
		d.Terms.MaxParts = 10
		if x.change != nil {
			x.change(d)
		}
		list := []smsengine.Stage{step{"size", c.size}, step{"route", c.route}}
		steps, err := smsengine.Decide(t.Context(), list, d)
		got := steps[len(steps)-1].Note
		if err != nil {
			s := smsengine.StatusOf(err)
			got = s.Code + " " + s.Text
		}
		got = strings.ReplaceAll(strings.ReplaceAll(got, " until 2026-11-28T10:00:00Z", ""), "until 2026-11-28T10:00:00Z", "")
		if got != x.want {
			t.Errorf("%s:\n got %s\nwant %s", x.name, got, x.want)
		}
	}
}

// Our numbers come after the cost: those that the phone said STOP to, and those
// on which its answer would be ambiguous, are left out, and a reason is given.
func TestRouteKeepsConversations(t *testing.T) {
	c := config(t)
	office, spare := smsengine.Phone("+15555550100"), smsengine.Phone("+15555550101")
	c.Numbers = map[string]smsengine.Address{"office": office, "spare": spare}
	c.Ways = map[string]Way{"office": way(t, wide, "0.01", ""), "spare": way(t, wide, "0.05", "", "office")}
	c.Patience = time.Minute
	phone := smsengine.Phone("+15551234567")
	theirs := smsengine.Link{Ours: office, Theirs: phone, Sender: smsengine.Mailbox("mary@example.org"), Expires: now.Add(time.Hour)}
	ours := smsengine.Link{Ours: spare, Theirs: phone, Sender: smsengine.Mailbox("john@example.org"), Expires: now.Add(time.Hour)}
	for _, x := range []struct {
		name, pinned string
		f            facts
		want         string
	}{
		{"the cheap number is Mary's", "", facts{links: []smsengine.Link{theirs}}, "spare"},
		{"they have spoken over the dear one, once", "", facts{links: []smsengine.Link{ours}}, "office |1m spare"},
		{"STOP to the cheap one", "", facts{stopped: []smsengine.Address{office}}, "spare"},
		{"pinned and its fallback, ambiguous or not", "spare", facts{links: []smsengine.Link{theirs}}, "spare | office"},
		{"pinned, and STOP to it", "spare", facts{stopped: []smsengine.Address{spare}}, "office"},
	} {
		d := mailFrom("john@example.org", "+15551234567@sms.example.org", "hi", x.f)
		d.Gateway = x.pinned
		if _, err := decide(t, Outgoing(c), d); err != nil || d.Message.Route.String() != x.want {
			t.Errorf("%s: %s, %v; want %s", x.name, d.Message.Route, err, x.want)
		}
	}
}
