package smsengine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

var postmaster = smsengine.Mailbox("postmaster@example.org")

func refusedBy(id smsengine.MessageID) smsengine.Bounce {
	return smsengine.Bounce{Message: id, Status: smsengine.Status{
		Class: smsengine.Permanent, Code: "5.2.2", Text: "the mailbox is full",
	}}
}

// notes waits for the note to the administrator and gives all there are.
func (b *bench) notes() []smsengine.Message {
	b.t.Helper()
	b.until(b.one(smsengine.Note), smsengine.Delivered)
	all, err := b.store.List(context.Background(), smsengine.Filter{Kind: smsengine.Note})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// A mail that comes back is in the trace, and the administrator has its words,
// once, however often the bounce comes. A bounce of the note makes nothing more.
func TestBounced(t *testing.T) {
	b := newBench(t, func(b *bench) { b.cfg.Administrator = postmaster })
	b.hear(smsengine.IncomingPart{Text: "I am on my way"})
	id := b.one(smsengine.Incoming)
	b.until(id, smsengine.Delivered)
	for range 3 {
		if err := b.engine.Bounced(context.Background(), refusedBy(id)); err != nil {
			t.Fatal(err)
		}
	}
	m := b.until(id, smsengine.Failed)
	b.wantTrace(id, "accepted claimed taken bounced")
	notes := b.notes()
	if m.Status.Code != "5.2.2" || len(notes) != 1 || notes[0].To != postmaster || notes[0].About != id ||
		!strings.Contains(notes[0].Body.Text, "I am on my way") || !strings.Contains(notes[0].Body.Text, "the mailbox is full") {
		t.Errorf("%+v\nnotes %+v", m.Status, notes)
	}
	if err := b.engine.Bounced(context.Background(), refusedBy(notes[0].ID)); err != nil {
		t.Error(err)
	}
	b.until(notes[0].ID, smsengine.Failed)
	counts, err := b.store.Counts(context.Background())
	if n := counts[smsengine.Note]; err != nil || len(n) != 1 || n[smsengine.Failed] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
}

// A mail that was passed on from its mailbox, and refused there, is where it was
// sent to for all we know; the administrator hears of it all the same, once.
func TestBouncedFarther(t *testing.T) {
	b := newBench(t, func(b *bench) { b.cfg.Administrator = postmaster })
	b.hear(smsengine.IncomingPart{Text: "I am on my way"})
	id := b.one(smsengine.Incoming)
	to := b.until(id, smsengine.Delivered).To.Value
	bounce := refusedBy(id)
	bounce.To = "elsewhere@example.com"
	for range 2 {
		if err := b.engine.Bounced(context.Background(), bounce); err != nil {
			t.Fatal(err)
		}
	}
	notes := b.notes()
	if len(notes) != 1 || !strings.Contains(notes[0].Body.Text, "passed on to elsewhere@example.com") {
		t.Errorf("%+v", notes)
	}
	b.until(id, smsengine.Delivered)
	local, domain, _ := strings.Cut(to, "@")
	bounce.To = strings.ToUpper(local) + "+texts@" + domain
	if err := b.engine.Bounced(context.Background(), bounce); err != nil {
		t.Fatal(err)
	}
	b.until(id, smsengine.Failed)
}

// The MTA refuses to our face: the administrator hears of it in the same way.
func TestRefusedByTheMTA(t *testing.T) {
	b := newBench(t, func(b *bench) {
		b.cfg.Administrator = postmaster
		b.mail.script = []error{fail(smsengine.Permanent)}
	})
	b.hear(smsengine.IncomingPart{Text: "I am on my way"})
	if notes := b.notes(); len(notes) != 1 || !strings.Contains(notes[0].Body.Text, "I am on my way") {
		t.Errorf("%+v", notes)
	}
	b.until(b.one(smsengine.Incoming), smsengine.Failed)
}

// The bounce is faster than our own record of the mail: it must come again.
func TestBouncedBeforeItIsSent(t *testing.T) {
	hold := make(chan struct{})
	b := newBench(t, func(b *bench) {
		b.cfg.Administrator = postmaster
		b.mail.hold, b.mail.begun = hold, make(chan struct{}, 10)
	})
	b.hear(smsengine.IncomingPart{Text: "I am on my way"})
	<-b.mail.begun
	id := b.one(smsengine.Incoming)
	if got := smsengine.StatusOf(b.engine.Bounced(context.Background(), refusedBy(id))); got.Class != smsengine.Temporary {
		t.Errorf("under way: %+v", got)
	}
	close(hold)
	b.until(id, smsengine.Delivered)
	if err := b.engine.Bounced(context.Background(), refusedBy(id)); err != nil {
		t.Error(err)
	}
	b.until(id, smsengine.Failed)
}

// What is no mail of ours is none of our business, and no reason for the MTA to
// come again.
func TestBouncedOfNothing(t *testing.T) {
	b := newBench(t, nil)
	text := b.submit("one", "+15555550101")[0].ID
	b.until(text, smsengine.Sent)
	for _, id := range []smsengine.MessageID{"01hf2k3m4n5p6q7r8s9tavbwcx", "", text} {
		if err := b.engine.Bounced(context.Background(), refusedBy(id)); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	b.until(text, smsengine.Sent)
}
