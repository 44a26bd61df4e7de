package stage

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/words"
)

// letter is a draft of what a door found in a mail.
func letter(kind smsengine.MailKind, f facts) *smsengine.Draft {
	d := mailFrom("john@example.org", "+15551234567@sms.example.org", "", f)
	d.Mail = &smsengine.Mail{
		Kind: kind, From: "john@example.org", Subject: "Lunch", Language: "sv",
		Passages: []smsengine.Passage{{Kind: smsengine.PassageOwn, Text: "At noon?"}, {Kind: smsengine.PassageSignature, Text: "-- \nJohn"}},
	}
	return d
}

// Only what a person wrote becomes a text, unless the account asks for more, and
// no account can ask for what answers.
func TestLoop(t *testing.T) {
	c := config(t)
	every := []string{"auto-generated", "auto-replied", "bounce", "report", "list", "feedback", "person"}
	for _, wanted := range [][]string{nil, {"auto-generated"}, {"list", "feedback"}, every} {
		c.Accounts.Policy.MachineMail = wanted
		for _, kind := range every {
			d := letter(smsengine.MailKind(kind), facts{})
			at, err := decide(t, Outgoing(c), d)
			allowed := kind == "person" || slices.Contains([]string{"auto-generated", "list", "feedback"}, kind) && slices.Contains(wanted, kind)
			if allowed != (err == nil) || !allowed && at != "loop" {
				t.Errorf("%s with %v: %s %v", kind, wanted, at, err)
			}
		}
	}
	c.Accounts.Policy.MachineMail = nil
	c.Accounts.Networks = []account.Network{{Prefix: netip.MustParsePrefix("192.0.2.7/32"), Account: "john@example.org"}}
	for _, kind := range every {
		d := letter(smsengine.MailKind(kind), facts{})
		d.Source.Identity = smsengine.Identity{Method: smsengine.MethodClient, Peer: "192.0.2.7"}
		if at, err := decide(t, Outgoing(c), d); (err == nil) != (kind == "person" || kind == "auto-generated") {
			t.Errorf("%s from a client that is mapped: %s %v", kind, at, err)
		}
	}
	d := letter(smsengine.MailPerson, facts{})
	d.Mail.Ours = true
	if at, err := decide(t, Outgoing(c), d); at != "loop" || err == nil {
		t.Errorf("Postel's own mail: %s %v", at, err)
	}
}

func TestWords(t *testing.T) {
	c := config(t)
	c.Templates = map[string]words.Template{}
	for name, text := range map[string]string{"subject-only": "{subject}", "both": "{subject}: {text}"} {
		c.Templates[name], _ = words.Parse(text)
	}
	for _, x := range []struct {
		name    string
		policy  func(p *smsengine.Policy)
		address string
		mail    func(m *smsengine.Mail)
		want    string // of the text
		refused string
	}{
		{name: "as it comes", want: "At noon?"},
		{name: "a template", policy: func(p *smsengine.Policy) { p.Template = new("{from}: {text}") }, want: "john@example.org: At noon?"},
		{name: "by its name", policy: func(p *smsengine.Policy) { p.Template = new("both") }, want: "Lunch: At noon?"},
		{name: "by the address", address: `"sms:+15551234567?template=subject-only"@example.org`, want: "Lunch"},
		{name: "an unknown one in the address", address: `"sms:+15551234567?template=x"@example.org`, refused: "template"},
		{name: "an unknown one of the account", policy: func(p *smsengine.Policy) { p.Template = new("gone") }, refused: "not there now"},
		{name: "with its signature", policy: func(p *smsengine.Policy) { p.Strip = []string{} }, want: "At noon?\n--\nJohn"},
		{name: "nothing but a signature", mail: func(m *smsengine.Mail) { m.Passages = m.Passages[1:] }, want: "Lunch"},
		{name: "encrypted", mail: func(m *smsengine.Mail) { m.Passages, m.Why = nil, "the mail is encrypted" }, refused: "encrypted"},
		{name: "a notice of encrypted mail", policy: func(p *smsengine.Policy) { p.Template = new("{subject} ({from})") }, mail: func(m *smsengine.Mail) { m.Passages, m.Why = nil, "the mail is encrypted" }, want: "Lunch (john@example.org)"},
		{name: "nothing", mail: func(m *smsengine.Mail) { m.Passages, m.Subject = nil, "" }, refused: "no text"},
	} {
		c.Accounts.Policy.Template, c.Accounts.Policy.Strip = nil, nil
		if x.policy != nil {
			x.policy(&c.Accounts.Policy)
		}
		d := letter(smsengine.MailPerson, facts{})
		if x.address != "" {
			d.Recipient.Address = x.address
		}
		if x.mail != nil {
			x.mail(d.Mail)
		}
		_, err := decide(t, Outgoing(c), d)
		e, _ := errors.AsType[*smsengine.Error](err)
		switch {
		case x.refused == "" && (err != nil || d.Message.Body.Text != x.want || d.Message.Body.Language != "sv"):
			t.Errorf("%s: %q in %q, %v", x.name, d.Message.Body.Text, d.Message.Body.Language, err)
		case x.refused != "" && (e == nil || !strings.Contains(e.Text, x.refused)):
			t.Errorf("%s: %v", x.name, err)
		}
	}
}

// What the terms say about alphabets and length is what the parts are.
func TestPartsByPolicy(t *testing.T) {
	turkish := strings.Repeat("şığ", 30)
	for _, x := range []struct {
		name, text string
		policy     smsengine.Policy
		wide       bool
		check      func(m smsengine.Message) bool
		refused    string
	}{
		{name: "as it is", text: turkish, check: func(m smsengine.Message) bool { return m.Body.Alphabet == "ucs2" && m.Cost == 2 }},
		{name: "a national table", text: turkish, policy: smsengine.Policy{NationalTables: []string{"turkish"}}, check: func(m smsengine.Message) bool {
			return m.Body.Alphabet == "gsm7" && m.Body.National == "turkish" && m.Cost == 1 && len(m.Parts[0].UDH) > 0
		}},
		{name: "near characters", text: turkish, policy: smsengine.Policy{Transliterate: new(true)}, check: func(m smsengine.Message) bool {
			return m.Body.Alphabet == "gsm7" && m.Body.National == "" && m.Cost == 1 && strings.HasPrefix(m.Parts[0].Text, "sig")
		}},
		{name: "cut", text: strings.Repeat("word ", 100), policy: smsengine.Policy{MaxParts: new(2)}, check: func(m smsengine.Message) bool {
			return m.Cost == 2 && m.Body.Whole == 4 && strings.HasSuffix(m.Parts[1].Text, "word...")
		}},
		{name: "refused", text: strings.Repeat("word ", 100), policy: smsengine.Policy{MaxParts: new(2), TooLong: new("refuse")}, refused: "needs 4 parts, and may have 2"},
		{name: "8 bits", text: strings.Repeat("a", 306), check: func(m smsengine.Message) bool { return m.Cost == 2 && m.Parts[0].UDH[1] == 0 }},
		{name: "16 bits", text: strings.Repeat("a", 306), wide: true, check: func(m smsengine.Message) bool { return m.Cost == 3 && m.Parts[0].UDH[1] == 8 }},
	} {
		c := config(t)
		x.policy.Send = new(true)
		c.Accounts.Policy, c.WideReferences = x.policy, x.wide
		d := mailFrom("john@example.org", "+15551234567@sms.example.org", x.text, facts{})
		_, err := decide(t, Outgoing(c), d)
		e, _ := errors.AsType[*smsengine.Error](err)
		switch {
		case x.refused == "" && (err != nil || !x.check(d.Message)):
			t.Errorf("%s: %v, %+v", x.name, err, d.Message)
		case x.refused != "" && (e == nil || e.Code != "5.2.3" || !strings.Contains(e.Text, x.refused)):
			t.Errorf("%s: %v", x.name, err)
		}
	}
}

func TestIdentical(t *testing.T) {
	c := config(t)
	charge := func(text, from string) (smsengine.Counter, smsengine.Limit) {
		d := mailFrom(from, "+15551234567@sms.example.org", text, facts{})
		if _, err := decide(t, Outgoing(c), d); err != nil {
			t.Fatal(err)
		}
		last := d.Message.Charges[len(d.Message.Charges)-1].Counter
		return last, d.Limits[last]
	}
	one, limit := charge("hi", "john@example.org")
	if limit.Most != 3 || limit.Drop == "" || len(limit.Notices) != 1 || limit.Notices[0].To != smsengine.Mailbox("john@example.org") {
		t.Errorf("%+v", limit)
	}
	if again, _ := charge("hi", "john@example.org"); again != one {
		t.Error("the same text has another counter")
	}
	for _, other := range [][2]string{{"ho", "john@example.org"}, {"hi", "mary@example.org"}} {
		if c, _ := charge(other[0], other[1]); c == one {
			t.Errorf("%v has the same counter", other)
		}
	}
	c.Accounts.Policy.Identical = new(smsengine.Rate{})
	if last, _ := charge("hi", "john@example.org"); last.Account == smsengine.IdenticalCounter {
		t.Error("counted although any number may come")
	}
}

// Of several numbers the text leaves from one on which the answer is plain, and
// never from one that the phone said STOP to.
func TestNumbers(t *testing.T) {
	c := config(t)
	office, spare := smsengine.Phone("+15555550100"), smsengine.Phone("+15555550101")
	c.Numbers = map[string]smsengine.Address{"office": office, "spare": spare}
	john, mary, theirs := smsengine.Mailbox("john@example.org"), smsengine.Mailbox("mary@example.org"), smsengine.Phone("+15551234567")
	link := func(ours, sender smsengine.Address) smsengine.Link {
		return smsengine.Link{Ours: ours, Theirs: theirs, Sender: sender}
	}
	for _, x := range []struct {
		name  string
		links []smsengine.Link
		stop  []smsengine.Address
		route []string // none: refused
	}{
		{"nobody wrote yet", nil, nil, []string{"office", "spare"}},
		{"somebody else wrote from one", []smsengine.Link{link(office, mary)}, nil, []string{"spare"}},
		{"the sender wrote from one", []smsengine.Link{link(spare, john)}, nil, []string{"spare"}},
		{"each has one", []smsengine.Link{link(office, mary), link(spare, john)}, nil, []string{"spare"}},
		{"the own one is shared", []smsengine.Link{link(office, mary), link(office, john)}, nil, []string{"spare"}},
		{"both are taken", []smsengine.Link{link(office, mary), link(spare, mary)}, nil, []string{"office", "spare"}},
		{"all are shared", []smsengine.Link{link(office, mary), link(spare, mary), link(office, john)}, nil, []string{"office"}},
		{"STOP to one", nil, []smsengine.Address{office}, []string{"spare"}},
		{"STOP to both", nil, []smsengine.Address{office, spare}, nil},
		{"STOP to the better one", []smsengine.Link{link(office, mary)}, []smsengine.Address{spare}, []string{"office"}},
	} {
		d := mailFrom("john@example.org", "+15551234567@sms.example.org", "hi", facts{links: x.links, stopped: x.stop})
		_, err := decide(t, Outgoing(c), d)
		if x.route == nil {
			if e, ok := errors.AsType[*smsengine.Error](err); !ok || !strings.Contains(e.Text, "STOP") {
				t.Errorf("%s: %v", x.name, err)
			}
		} else if err != nil || !slices.Equal(d.Message.Route.Gateways(), x.route) {
			t.Errorf("%s: %v, %v", x.name, d.Message.Route, err)
		}
	}
}
