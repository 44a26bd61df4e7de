package stage

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var (
	ours   = smsengine.Phone("+15555550100")
	theirs = smsengine.Phone("+15551234567")
	desk   = "desk@example.org"
)

// reception is the configuration of the incoming list, with all of it on.
func reception(t *testing.T) Config {
	c := config(t)
	c.Numbers = map[string]smsengine.Address{"office": ours}
	c.DirectDomains = []string{"example.org", "sms.example.org"}
	c.Conflict, c.ConflictLimit = "Several people wrote. Answer with a code and your text: {codes}, or write {direct}", 2
	c.Stop, c.Start = []string{"STOP", "ALL STOP"}, []string{"START"}
	c.Identical = smsengine.Rate{Parts: 3, Every: time.Hour}
	return c
}

// withKept has one text more, that a phone was asked about.
type withKept struct {
	facts
	kept smsengine.Message
}

func (f withKept) Message(ctx context.Context, id smsengine.MessageID) (smsengine.Message, error) {
	if f.kept.ID == id {
		return f.kept, nil
	}
	return f.facts.Message(ctx, id)
}

func textBy(from smsengine.Address, text string, f smsengine.Facts) *smsengine.Draft {
	return &smsengine.Draft{
		Now: now, Facts: f, Source: &smsengine.Source{Sender: from},
		Set: &smsengine.PartSet{ID: "set", Gateway: "office", From: from, To: ours, Total: 1, Parts: []smsengine.IncomingPart{{Text: text, Seq: 1}}},
		Message: smsengine.Message{
			ID: "m", Kind: smsengine.Incoming, From: from,
			Body: smsengine.Body{Text: text, Received: &smsengine.ReceivedSMS{Gateway: "office"}},
		},
	}
}

func textFrom(text string, f smsengine.Facts) *smsengine.Draft { return textBy(theirs, text, f) }

func link(sender, message string, code int) smsengine.Link {
	return smsengine.Link{
		Ours: ours, Theirs: theirs, Sender: smsengine.Mailbox(sender), Message: smsengine.MessageID(message), Name: "Bob", Code: code,
	}
}

var (
	john = link("john@example.org", "m1", 1)
	mary = link("mary@example.org", "m2", 2)

	today = now.Truncate(24 * time.Hour)
	told  = smsengine.Conflict{Message: "kept", Day: today, Told: 1}
	kept  = smsengine.Message{
		ID: "kept", Created: now.Add(-time.Minute),
		Body: smsengine.Body{Text: "I can come", Received: &smsengine.ReceivedSMS{Gateway: "office", Sent: now.Add(-2 * time.Minute), Note: "of before"}},
	}
)

func TestIncoming(t *testing.T) {
	asked := smsengine.Message{ID: "m1", Source: "s1", Body: smsengine.Body{Language: "cs"}}
	src := smsengine.Source{MessageID: "a@example.org", References: []string{"b@example.org"}, Subject: "cellar"}
	one, two := []smsengine.Link{john}, []smsengine.Link{mary, john}
	for _, x := range []struct {
		name, text string
		facts      facts
		to         string
		about      smsengine.MessageID
		says       string // the text as it is delivered, if it is another
		note       string // a word of what its reader is told
		asks       bool
		dropped    bool
	}{
		{name: "answers one", text: "yes", facts: facts{links: one, asked: asked, src: src}, to: "john@example.org", about: "m1"},
		{name: "answers a text that was forgotten", text: "yes", facts: facts{links: one}, to: "john@example.org", about: "m1"},
		{name: "a number is no code where there is no choice", text: "2 is fine", facts: facts{links: one, conflict: told}, to: "john@example.org", about: "m1"},
		{name: "nor its own code", text: "1 is fine", facts: facts{links: one, conflict: told}, to: "john@example.org", about: "m1"},
		{name: "answers nobody", text: "hello", to: desk},
		{name: "says nothing", text: " \n", facts: facts{links: one}, dropped: true},

		{name: "answers one of two", text: "yes", facts: facts{links: two}, to: desk, asks: true, note: "has been asked"},
		{name: "chooses", text: "2 yes", facts: facts{links: two, conflict: told}, to: "mary@example.org", about: "m2", says: "yes"},
		{name: "chooses with a colon", text: " 1: yes\nJim", facts: facts{links: two, conflict: told}, to: "john@example.org", about: "m1", says: "yes\nJim"},
		{name: "chooses in brackets", text: "(1) 2 of us", facts: facts{links: two, conflict: told}, to: "john@example.org", about: "m1", says: "2 of us"},
		{name: "chooses with a dash", text: "1 - yes", facts: facts{links: two, conflict: told}, to: "john@example.org", about: "m1", says: "yes"},
		{name: "a code that nobody has", text: "3 yes", facts: facts{links: two, conflict: told}, to: desk, asks: true, note: "asked"},
		{name: "a number in front", text: "2.5 kg", facts: facts{links: two, conflict: told}, to: desk, asks: true, note: "asked"},
		{name: "codes that it was never told", text: "2 yes", facts: facts{links: two}, to: desk, asks: true, note: "asked"},
		{name: "a code alone", text: "2", facts: facts{links: two, conflict: told}, to: "mary@example.org", about: "m2", says: "I can come", note: "said: 2"},
		{name: "a code alone, later for one", text: "1.", facts: facts{links: one, conflict: told}, to: "john@example.org", about: "m1", says: "I can come", note: "said: 1."},
		{name: "a code alone, for the second time", text: "2", facts: facts{links: two, conflict: smsengine.Conflict{Day: now, Told: 1}}, to: "mary@example.org", about: "m2"},
		{name: "asked too often", text: "yes", facts: facts{links: two, conflict: smsengine.Conflict{Day: today, Told: 2}}, to: desk, note: "not known whom"},
		{name: "asked often yesterday", text: "yes", facts: facts{links: two, conflict: smsengine.Conflict{Day: today.Add(-24 * time.Hour), Told: 2}}, to: desk, asks: true, note: "has been asked"},
		{name: "asked, and said STOP", text: "yes", facts: facts{links: two, stopped: []smsengine.Address{ours}}, to: desk},

		{name: "names a mailbox", text: "#anna@example.org# hello", facts: facts{links: one}, to: "anna@example.org", says: "hello"},
		{name: "names it last", text: "hello\n#Anna@EXAMPLE.org#", to: "Anna@example.org", says: "hello"},
		{name: "names it in the middle", text: "hello # anna@example.org # there", to: "anna@example.org", says: "hello there"},
		{name: "names two", text: "#anna@example.org# and #paul@example.org#", to: "anna@example.org", says: "and #paul@example.org#"},
		{name: "behind another sign", text: "we are #1 #anna@example.org#", to: "anna@example.org", says: "we are #1"},
		{name: "names nothing else", text: "#anna@example.org#", to: "anna@example.org", says: "-", note: "no words"},
		{name: "names a stranger", text: "#anna@example.net# hi", facts: facts{links: one}, to: "john@example.org", about: "m1", note: "that domain"},
		{name: "the first counts", text: "#a@example.net# #anna@example.org#", to: desk, note: "a@example.net"},
		{name: "names a phone", text: "#sms+15551234567@example.org# hi", to: desk, note: "a phone"},
		{name: "names a list's program", text: "#staff-request@example.org# hi", to: desk, note: "a program"},

		{name: "STOP", text: "Stop!", facts: facts{links: one}, to: "john@example.org", about: "m1", note: "no more texts"},
		{name: "STOP to one of two", text: "\u201call  stop\u201d", facts: facts{links: two}, to: desk, note: "until it answers START"},
		{name: "STOP in a sentence", text: "Stop it", to: desk},
		{name: "START", text: "start", facts: facts{stopped: []smsengine.Address{ours}}, to: desk, note: "texts from this number again"},
		{name: "START of nothing", text: "start", to: desk},
	} {
		t.Run(x.name, func(t *testing.T) {
			d := textFrom(x.text, withKept{x.facts, kept})
			if _, err := decide(t, Incoming(reception(t)), d); err != nil {
				t.Fatal(err)
			}
			m := d.Message
			if x.says == "" {
				x.says = x.text
			}
			if (d.Dropped != "") != x.dropped || m.To.Value != x.to || m.About != x.about || m.Body.Text != strings.Trim(x.says, "-") {
				t.Errorf("dropped %q, to %q about %q: %q", d.Dropped, m.To.Value, m.About, m.Body.Text)
			}
			if note := m.Body.Received.Note; !strings.Contains(note, x.note) || x.note == "" && note != "" {
				t.Errorf("its reader is told %q, want something about %q", note, x.note)
			}
			if asks := len(d.Notices) > 0; asks != x.asks {
				t.Errorf("the phone is asked: %v", asks)
			}
			if !x.dropped && (len(m.Route) != 1 || m.Route.String() != smsengine.MailGateway) {
				t.Errorf("route %v", m.Route)
			}
			if linked := m.Body.Received.Name == "Bob"; linked != (x.about != "") {
				t.Errorf("the phone is called %q", m.Body.Received.Name)
			}
			if m.Body.Language != x.facts.asked.Body.Language {
				t.Errorf("it is in language %q, not in that of what it answers", m.Body.Language)
			}
			if thread := m.Body.Received.Thread.InReplyTo; thread != x.facts.src.MessageID {
				t.Errorf("it answers %q", thread)
			}
		})
	}
}

// A part that says nothing is not dropped when others are missing: that is news.
func TestIncompleteTextIsNotEmpty(t *testing.T) {
	d := textFrom("", facts{})
	d.Set.Total = 2
	if _, err := decide(t, Incoming(config(t)), d); err != nil || d.Dropped != "" || d.Message.To.Value != desk {
		t.Errorf("%v %q %+v", err, d.Dropped, d.Message.To)
	}
	d = textFrom("", facts{})
	d.Message.Body.Received.Data = []byte{1}
	if _, err := decide(t, Incoming(config(t)), d); err != nil || d.Dropped != "" || d.Message.To.Value != desk {
		t.Errorf("binary: %v %q %+v", err, d.Dropped, d.Message.To)
	}
}

// Half a text may say anything.
func TestIncompleteTextIsNoStop(t *testing.T) {
	d := textFrom("STOP", facts{})
	d.Set.Total = 2
	if _, err := decide(t, Incoming(reception(t)), d); err != nil || len(d.Effects) > 0 {
		t.Errorf("%v %+v", err, d.Effects)
	}
}

// Without a default recipient nothing is thrown away: the text waits in the
// store until the configuration has one.
func TestWithoutDefaultRecipientNothingIsDecided(t *testing.T) {
	c := config(t)
	c.DefaultRecipient = nil
	if _, err := decide(t, Incoming(c), textFrom("hello", facts{})); err == nil {
		t.Error("a text without a recipient was decided")
	}
}

func TestEffectsOfStopAndStart(t *testing.T) {
	for _, x := range []struct {
		text    string
		stopped []smsengine.Address
		want    []smsengine.Effect
	}{
		{"STOP", nil, []smsengine.Effect{smsengine.Suppress{Ours: ours, Theirs: theirs, Since: now}}},
		{"START", []smsengine.Address{ours}, []smsengine.Effect{smsengine.Suppress{Ours: ours, Theirs: theirs}}},
		{"START", []smsengine.Address{smsengine.Phone("+15555550111")}, nil},
	} {
		d := textFrom(x.text, facts{stopped: x.stopped})
		if _, err := decide(t, Incoming(reception(t)), d); err != nil || !slices.Equal(d.Effects, x.want) {
			t.Errorf("%s: %v %+v, want %+v", x.text, err, d.Effects, x.want)
		}
		if len(d.Message.Charges) > 0 && x.want != nil {
			t.Errorf("%s could be dropped: %+v", x.text, d.Message.Charges)
		}
	}
}

func TestIdenticalTexts(t *testing.T) {
	c := reception(t)
	charge := func(d *smsengine.Draft) smsengine.Charge {
		t.Helper()
		if _, err := decide(t, Incoming(c), d); err != nil || len(d.Message.Charges) != 1 {
			t.Fatalf("%v %+v", err, d.Message.Charges)
		}
		return d.Message.Charges[0]
	}
	d := textFrom("ping", facts{})
	first := charge(d)
	l := d.Limits[first.Counter]
	if l.Most != 3 || l.Drop == "" || len(l.Notices) != 1 || l.Notices[0].To.Value != desk || l.Notices[0].Kind != smsengine.Note {
		t.Errorf("%+v", l)
	}
	if again := charge(textFrom("ping", facts{})); again != first {
		t.Errorf("the same text is on %+v, the first on %+v", again, first)
	}
	for name, other := range map[string]*smsengine.Draft{
		"text": textFrom("pong", facts{}), "mailbox": textFrom("ping", facts{links: []smsengine.Link{john}}),
		"phone": textBy(smsengine.Phone("+15551234568"), "ping", facts{}),
	} {
		if charge(other) == first {
			t.Errorf("another %s is on the same counter", name)
		}
	}
	later := textFrom("ping", facts{})
	later.Now = now.Add(time.Hour)
	if charge(later) == first {
		t.Error("an hour later it is on the same counter")
	}
}

// An answer to a program without a mailbox is where it belongs once it is stored,
// and is the account's whose text it answers.
func TestAnswerToAProgram(t *testing.T) {
	c := reception(t)
	shop := smsengine.Link{Ours: ours, Theirs: theirs, Sender: smsengine.Inbox("shop"), Message: "kept", Code: 1}
	asked := kept
	asked.Account = "shop"
	f := withKept{facts: facts{links: []smsengine.Link{shop}}, kept: asked}
	d := textFrom("yes", f)
	d.Message.State, d.Message.Parts = smsengine.Ready, []smsengine.Part{{}}
	if err := c.answer(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	m := d.Message
	if m.To != smsengine.Inbox("shop") || m.Account != "shop" || m.About != "kept" || m.State != smsengine.Delivered || len(m.Route) > 0 || m.Parts[0].State != smsengine.PartDelivered {
		t.Errorf("%+v", m)
	}
}

// A text for later has its time from then on.
func TestTextForLater(t *testing.T) {
	c := config(t)
	c.Warn, c.Expiry = time.Hour, 5*time.Hour
	d := textBy(theirs, "hi", nil)
	d.Facts = nil
	d.Message.Kind, d.Message.Next = smsengine.Text, now.Add(24*time.Hour)
	d.Params = smsengine.Params{{Name: "validity", Value: "120"}}
	if err := c.route(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if m := d.Message; !m.Expires.Equal(now.Add(26*time.Hour)) || !m.Warn.Equal(now.Add(25*time.Hour)) {
		t.Errorf("it expires at %v and is late at %v", m.Expires, m.Warn)
	}
}
