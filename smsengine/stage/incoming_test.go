package stage

import (
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

var (
	ours   = smsengine.Phone("+15555550100")
	theirs = smsengine.Phone("+15551234567")
)

func textFrom(text string, f facts) *smsengine.Draft {
	return &smsengine.Draft{
		Now: now, Facts: f, Source: &smsengine.Source{Sender: theirs},
		Set: &smsengine.PartSet{Gateway: "office", From: theirs, To: ours, Total: 1, Parts: []smsengine.IncomingPart{{Text: text}}},
		Message: smsengine.Message{
			Kind: smsengine.Incoming, From: theirs,
			Body: smsengine.Body{Text: text, Received: &smsengine.ReceivedSMS{Gateway: "office"}},
		},
	}
}

func link(sender, message string) smsengine.Link {
	return smsengine.Link{Ours: ours, Theirs: theirs, Sender: smsengine.Mailbox(sender), Message: smsengine.MessageID(message)}
}

func TestIncoming(t *testing.T) {
	john := link("john@example.org", "m1")
	asked := smsengine.Message{ID: "m1", Source: "s1"}
	src := smsengine.Source{MessageID: "a@example.org", References: []string{"b@example.org"}, Subject: "cellar"}
	for _, x := range []struct {
		name, text string
		facts      facts
		to         string
		about      smsengine.MessageID
		thread     string
		dropped    bool
	}{
		{name: "answers one", text: "yes", facts: facts{links: []smsengine.Link{john}, asked: asked, src: src},
			to: "john@example.org", about: "m1", thread: "a@example.org"},
		{name: "answers a text that was forgotten", text: "yes", facts: facts{links: []smsengine.Link{john}}, to: "john@example.org", about: "m1"},
		{name: "answers two", text: "yes", facts: facts{links: []smsengine.Link{john, link("mary@example.org", "m2")}}, to: "desk@example.org"},
		{name: "answers nobody", text: "hello", to: "desk@example.org"},
		{name: "says nothing", text: " \n", facts: facts{links: []smsengine.Link{john}}, dropped: true},
	} {
		t.Run(x.name, func(t *testing.T) {
			d := textFrom(x.text, x.facts)
			if _, err := decide(t, Incoming(config(t)), d); err != nil {
				t.Fatal(err)
			}
			m := d.Message
			if (d.Dropped != "") != x.dropped || m.To.Value != x.to || m.About != x.about || m.Body.Received.Thread.InReplyTo != x.thread {
				t.Errorf("dropped %q, message %+v, thread %+v", d.Dropped, m, m.Body.Received.Thread)
			}
			if !x.dropped && (len(m.Route) != 1 || m.Route[0] != smsengine.MailGateway) {
				t.Errorf("route %v", m.Route)
			}
		})
	}
}

// A part that says nothing is not dropped when others are missing: that is news.
func TestIncompleteTextIsNotEmpty(t *testing.T) {
	d := textFrom("", facts{})
	d.Set.Total = 2
	if _, err := decide(t, Incoming(config(t)), d); err != nil || d.Dropped != "" || d.Message.To.Value != "desk@example.org" {
		t.Errorf("%v %q %+v", err, d.Dropped, d.Message.To)
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
