package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
)

// The question names the senders and fits one part if it can; nobody gets a
// report on it, and it makes no link.
func TestQuestion(t *testing.T) {
	c := reception(t)
	d := textFrom("yes", facts{links: []smsengine.Link{mary, john}})
	if _, err := decide(t, Incoming(c), d); err != nil || len(d.Notices) != 1 {
		t.Fatal(err, d.Notices)
	}
	q := d.Notices[0]
	if want := "Several people wrote. Answer with a code and your text: 1 john, 2 mary, or write #user@example.org#"; q.Body.Text != want {
		t.Errorf("the question is %q, want %q", q.Body.Text, want)
	}
	if q.Kind != smsengine.Text || q.To != theirs || !q.From.IsZero() || q.LinkFor != 0 || q.Notify != smsengine.NotifyNever || len(q.Charges) > 0 ||
		q.Route.String() != "office" || len(q.Parts) != 1 || q.Key != "conflict:sms:+15555550100:sms:+15551234567:2026-11-23:1" || !q.Expires.After(now) || len(q.Body.Params) > 0 {
		t.Errorf("the question is %+v", q)
	}
	want := smsengine.KeepConflict{Ours: ours, Theirs: theirs, Conflict: smsengine.Conflict{Message: "m", Day: today, Told: 1}}
	if !slices.Equal(d.Effects, []smsengine.Effect{want}) {
		t.Errorf("it is remembered as %+v, want %+v", d.Effects, want)
	}

	// Over a gateway with several numbers it leaves from the one that was answered.
	c.Numbers = nil
	d = textFrom("yes", facts{links: []smsengine.Link{mary, john}})
	if _, err := decide(t, Incoming(c), d); err != nil || !slices.Equal(d.Notices[0].Body.Params, []smsengine.Param{{Name: "sender", Value: ours.Value}}) {
		t.Errorf("%v %+v", err, d.Notices)
	}
}

func TestQuestionFitsOnePart(t *testing.T) {
	c := reception(t)
	var links []smsengine.Link
	for i := range 30 {
		links = append(links, link(fmt.Sprintf("somebody.with.a.very.long.name%d@example.org", i), "m", i+1))
	}
	codes := byCode(links)
	for n := 2; n <= len(links); n++ {
		text := c.questionText(links[:n], codes)
		if sms.Measure(text).Parts != 1 || !strings.Contains(text, "1 some") || !strings.Contains(text, "2 some") {
			t.Errorf("%d senders: %q", n, text)
		}
	}
	if text := c.questionText(links[:3], codes); !strings.Contains(text, "3 somebody") {
		t.Errorf("three senders have room: %q", text)
	}
	c.Conflict = strings.Repeat("These are words of the site. ", 8) + "{codes}"
	if text := c.questionText(links[:2], codes); !strings.Contains(text, "2 some") {
		t.Errorf("long words: %q", text)
	}
}

func TestSendersOfOneNameAreToldApart(t *testing.T) {
	c := reception(t)
	c.Conflict = "{codes}"
	links := []smsengine.Link{john, link("JOHN@example.com", "m3", 3), link("ma\x07ry@example.org", "m2", 2)}
	if got, want := c.questionText(links, byCode(links)), "1 john at example.org, 2 mary, 3 JOHN at example.com"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Where our number is not known, links of several numbers have the same codes.
func TestCodesThatAreNone(t *testing.T) {
	double := john
	double.Ours, double.Sender = smsengine.Phone("+15555550111"), smsengine.Mailbox("paul@example.org")
	f := withKept{facts{links: []smsengine.Link{john, double}, conflict: told}, kept}
	d := textFrom("1 yes", everywhere{f})
	if _, err := decide(t, Incoming(reception(t)), d); err != nil || d.Message.To.Value != desk || len(d.Notices) > 0 || d.Message.Body.Text != "1 yes" {
		t.Errorf("%v %+v", err, d.Message)
	}
}

// everywhere gives the links of all our numbers.
type everywhere struct{ withKept }

func (f everywhere) Links(context.Context, smsengine.Address, smsengine.Address, time.Time) ([]smsengine.Link, error) {
	return f.links, nil
}

// What was asked about long ago is not what "2" means today.
func TestOldKeptTextStays(t *testing.T) {
	old := kept
	old.Created = now.Add(-keptFor - time.Second)
	for name, k := range map[string]smsengine.Message{"old": old, "forgotten": {}} {
		d := textFrom("2", withKept{facts{links: []smsengine.Link{mary, john}, conflict: told}, k})
		if _, err := decide(t, Incoming(reception(t)), d); err != nil || d.Message.To != mary.Sender || d.Message.Body.Text != "2" || len(d.Effects) > 0 {
			t.Errorf("%s: %v %+v %+v", name, err, d.Message, d.Effects)
		}
	}
}

// A kept text is delivered as what it is, once.
func TestKeptText(t *testing.T) {
	d := textFrom("2", withKept{facts{links: []smsengine.Link{mary, john}, conflict: told}, kept})
	if _, err := decide(t, Incoming(reception(t)), d); err != nil {
		t.Fatal(err)
	}
	r := d.Message.Body.Received
	if !r.Sent.Equal(kept.Body.Received.Sent) || strings.Contains(r.Note, "of before") || r.Name != "Bob" {
		t.Errorf("delivered as %+v", r)
	}
	if kept.Body.Received.Note != "of before" || kept.Body.Received.Name != "" {
		t.Error("the text that was kept has changed")
	}
	want := smsengine.KeepConflict{Ours: ours, Theirs: theirs, Conflict: smsengine.Conflict{Day: told.Day, Told: 1}}
	if !slices.Equal(d.Effects, []smsengine.Effect{want}) {
		t.Errorf("remembered %+v, want %+v", d.Effects, want)
	}
}
