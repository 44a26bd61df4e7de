package smsengine_test

import (
	"context"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// hand hands in a text that no mail server would refuse to anybody's face.
func (b *bench) hand(text string, change func(*smsengine.Submission)) smsengine.Outcome {
	b.t.Helper()
	s := smsengine.Submission{
		Source: smsengine.Source{
			Door: "test", Sender: smsengine.Mailbox("john@example.org"), MessageID: text + "@example.org",
			Identity: smsengine.Identity{Method: smsengine.MethodDMARC, User: "john@example.org"},
		},
		Body: smsengine.Body{Text: text}, Recipients: []smsengine.Recipient{{Address: "+15555550101"}}, Tell: true,
	}
	if change != nil {
		change(&s)
	}
	return b.engine.Submit(context.Background(), s)[0]
}

// reports gives the reports about a message.
func (b *bench) reports(about smsengine.MessageID) []smsengine.Message {
	b.t.Helper()
	all, err := b.store.List(context.Background(), smsengine.Filter{Kind: smsengine.Report, About: about})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

const tooMuch = "one two three four five six" // the limit is 5

func TestTellRefused(t *testing.T) {
	b := newBench(t, nil)
	o := b.hand(tooMuch, nil)
	if o.Err == nil || o.Err.Code != "5.2.2" || o.ID == "" {
		t.Fatalf("outcome %+v, want a refusal with a message about it", o)
	}
	m := b.until(o.ID, smsengine.Failed)
	if m.Status.Code != "5.2.2" || len(m.Charges) > 0 {
		t.Errorf("status %+v, charges %v", m.Status, m.Charges)
	}
	told := b.reports(o.ID)
	if len(told) != 1 || told[0].To != smsengine.Mailbox("john@example.org") || told[0].Body.Notice.Action != smsengine.ActionFailed {
		t.Fatalf("reports %+v, want one to John", told)
	}
	b.until(told[0].ID, smsengine.Delivered)
	if len(b.sim.texts()) > 0 {
		t.Error("a refused text was sent")
	}
	if again := b.hand(tooMuch, nil); again.Err == nil || len(b.reports(o.ID)) != 1 {
		t.Errorf("the same mail again: %+v, %d reports", again, len(b.reports(o.ID)))
	}
	for name, o := range map[string]smsengine.Outcome{
		"a stranger":  b.hand(tooMuch+" stranger", func(s *smsengine.Submission) { s.Source.Identity = smsengine.Identity{} }),
		"a robot":     b.hand(tooMuch+" robot", func(s *smsengine.Submission) { s.Mail = &smsengine.Mail{Kind: smsengine.MailAutoReplied} }),
		"our own":     b.hand(tooMuch+" ours", func(s *smsengine.Submission) { s.Mail = &smsengine.Mail{Ours: true} }),
		"other doors": b.hand(tooMuch+" smtp", func(s *smsengine.Submission) { s.Tell = false }),
	} {
		if o.Err == nil || o.ID != "" {
			t.Errorf("%s: %+v, want a refusal that nobody is told of", name, o)
		}
	}
}

// TestTellOnlyWhatIsTrue hands a mail in again that was sent, after the limit was
// reached by it: to say that it was refused would be a lie.
func TestTellOnlyWhatIsTrue(t *testing.T) {
	b := newBench(t, nil)
	first := b.hand("one two three four five", nil)
	if first.Err != nil {
		t.Fatal(first.Err)
	}
	again := b.hand("one two three four five", func(s *smsengine.Submission) {
		s.Refusal = smsengine.Fail("test", smsengine.Permanent, "5.7.1", "not today", nil)
	})
	if again.ID != first.ID || !again.Duplicate || again.Err != nil {
		t.Errorf("%+v, want the first one, %s", again, first.ID)
	}
}

func TestDoorRefuses(t *testing.T) {
	b := newBench(t, nil)
	o := b.hand("hello", func(s *smsengine.Submission) {
		s.Refusal = smsengine.Fail("test", smsengine.Permanent, "5.3.4", "too large", nil)
	})
	if o.Err == nil || o.Err.Code != "5.3.4" || len(b.reports(o.ID)) != 1 {
		t.Errorf("%+v, want the door's refusal and a report", o)
	}
	if again := b.hand("hello", nil); again.Err != nil || again.Duplicate {
		t.Errorf("when it is allowed: %+v, want it taken", again)
	}
}

// full is a stage that refuses once it is told to, as a quota does.
type full struct{ refuse bool }

func (f *full) Name() string { return "full" }

func (f *full) Do(_ context.Context, d *smsengine.Draft) error {
	d.Identity = d.Source.Identity
	if f.refuse {
		return smsengine.Fail("full", smsengine.Permanent, "5.2.2", "the limit is reached", nil)
	}
	return nil
}

// TestTakenBefore hands a mail in again, at any door: what was taken the first
// time is not refused the second time, because by then it has used up the limit.
// A stranger learns nothing of it.
func TestTakenBefore(t *testing.T) {
	limit := &full{}
	b := newBench(t, func(b *bench) { b.cfg.Outgoing = append(b.cfg.Outgoing, limit) })
	quietly := func(s *smsengine.Submission) { s.Tell = false }
	first := b.hand("hello", quietly)
	limit.refuse = true
	if again := b.hand("hello", quietly); !again.Duplicate || again.ID != first.ID || again.Err != nil {
		t.Errorf("%+v, want the first one, %s", again, first.ID)
	}
	if other := b.hand("hello again", quietly); other.Err == nil || other.Err.Code != "5.2.2" {
		t.Errorf("another: %+v", other)
	}
	stranger := b.hand("hello", func(s *smsengine.Submission) { s.Tell, s.Source.Identity = false, smsengine.Identity{} })
	if stranger.Err == nil || stranger.ID != "" {
		t.Errorf("a stranger: %+v", stranger)
	}
}
