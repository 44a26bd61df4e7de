package smsengine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// counting stands for a stage that comes after outgoing and decides what else a
// text costs, and what that causes.
type counting func(d *smsengine.Draft)

func (counting) Name() string                                     { return "counting" }
func (c counting) Do(_ context.Context, d *smsengine.Draft) error { c(d); return nil }

func countedBy(c counting) func(*bench) {
	return func(b *bench) { b.cfg.Outgoing = append(b.cfg.Outgoing, c) }
}

func (b *bench) used(account, period string) int {
	b.t.Helper()
	u, err := b.store.Usage(context.Background(), smsengine.Counter{Account: account, Period: period})
	if err != nil {
		b.t.Fatal(err)
	}
	return u.Used
}

func note(key string, d *smsengine.Draft) smsengine.Message {
	return smsengine.Message{
		Key: key, Kind: smsengine.Note, To: smsengine.Mailbox("postmaster@example.org"), Body: smsengine.Body{Text: key},
		Created: d.Now, Expires: d.Now.Add(time.Hour), Route: smsengine.Over(smsengine.MailGateway),
		State: smsengine.Ready, Next: d.Now, Parts: []smsengine.Part{{}},
	}
}

// mails gives the texts of the notes that the MTA got, once there are so many.
func (b *bench) mails(n int) string {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var texts []string
		b.mail.mu.Lock()
		for _, d := range b.mail.got {
			texts = append(texts, d.Message.Body.Text+" of "+d.Source.MessageID)
		}
		b.mail.mu.Unlock()
		if len(texts) >= n || time.Now().After(deadline) {
			return strings.Join(texts, ", ")
		}
		time.Sleep(time.Millisecond)
	}
}

// All recipients of a mail are decided before the first is stored, so the stages
// say yes to each. The limits hold all the same, in the order of the recipients.
func TestLimitsHoldAmongRecipientsOfOneMail(t *testing.T) {
	slow := smsengine.Fail("quota", smsengine.Temporary, "4.7.1", "not so fast", nil)
	window := smsengine.Counter{Account: "john", Period: "rate 2026-11-23T08:00Z"}
	b := newBench(t, countedBy(func(d *smsengine.Draft) {
		d.Message.Charges = append(d.Message.Charges, smsengine.Charge{Counter: window, Amount: 1})
		d.Limits[window] = smsengine.Limit{Most: 3, Refusal: slow}
	}))
	out := b.submit("one", "+15555550101", "+15555550102", "+15555550103", "+15555550104")
	for i, o := range out {
		if (i < 3) != (o.Err == nil) {
			t.Errorf("recipient %d: %+v", i, o)
		}
	}
	if out[3].Err != slow {
		t.Errorf("refused with %v, want %v", out[3].Err, slow)
	}
	if month := b.used("john", "2026-11"); month != 3 || b.used("john", window.Period) != 3 {
		t.Errorf("%d on the month, %d on the window, want 3 on each", month, b.used("john", window.Period))
	}
	if out := b.submit("one two three", "+15555550101"); out[0].Err == nil || out[0].Err.Code != "5.2.2" {
		t.Errorf("3 more than 3 of 5 in the month: %+v", out[0])
	}
}

// Passing a limit can stop the account and tell people, as one mail for however
// many texts.
func TestBurstStopsTheAccount(t *testing.T) {
	window := smsengine.Counter{Account: "john", Period: "unusual 2026-11-23T08:00Z"}
	b := newBench(t, countedBy(func(d *smsengine.Draft) {
		d.Message.Charges = append(d.Message.Charges, smsengine.Charge{Counter: window, Amount: 1})
		d.Limits[window] = smsengine.Limit{Most: 1, Stop: "a burst", Notices: []smsengine.Message{note("john was stopped", d)}}
		d.Notices = append(d.Notices, note("john is at 80 %", d))
	}))
	out := b.submit("one", "+15555550101", "+15555550102", "+15555550103")
	if out[0].Err != nil || out[1].Err == nil || out[2].Err == nil {
		t.Fatalf("outcomes %+v", out)
	}
	d, err := b.store.Directory(context.Background())
	if s, stopped := d.Stopped("john"); err != nil || !stopped || s.Reason != "a burst" || s.At.IsZero() {
		t.Errorf("stopped: %+v, %t, %v", s, stopped, err)
	}
	got := b.mails(2)
	for _, want := range []string{"john was stopped of one@example.org", "john is at 80 % of one@example.org"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("the MTA got %q, want one %q", got, want)
		}
	}
	if r, err := b.store.List(context.Background(), smsengine.Filter{Kind: smsengine.Note}); err != nil || len(r) != 2 {
		t.Errorf("%d notes are kept, want 2 (%v)", len(r), err)
	}
}

// A key is used when it lets a text in, and not otherwise.
func TestKeyIsUsed(t *testing.T) {
	ids := map[string]smsengine.Identity{
		"+15555550101": {Method: smsengine.MethodKey, User: "john", Key: "k1"},
		"+15555550102": {Method: smsengine.MethodKey, User: "john", Key: "k1"},
		"+15555550103": {Method: smsengine.MethodAuth, User: "john", Key: "k2"}, // what another door says
	}
	b := newBench(t, countedBy(func(d *smsengine.Draft) { d.Identity = ids[d.Recipient.Address] }))
	ctx := context.Background()
	for n, id := range []string{"k1", "k2"} {
		if err := b.store.PutKey(ctx, smsengine.Key{ID: id, Account: "john", Number: "+1555*", Digest: [32]byte{byte(n)}}); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now().Add(-time.Second)
	if _, err := b.engine.Check(ctx, &smsengine.Source{}, smsengine.Recipient{Address: "+15555550101"}, 0); err != nil {
		t.Fatal(err)
	}
	used := func() (ids string) {
		keys, err := b.store.Keys(ctx, "john")
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if k.LastUsed.After(begun) {
				ids += k.ID
			}
		}
		return ids
	}
	if got := used(); got != "" {
		t.Errorf("asking used %q", got)
	}
	b.submit("one", "+15555550101", "+15555550102", "+15555550103")
	if got := used(); got != "k1" {
		t.Errorf("used %q, want k1", got)
	}
}

func TestSweeperForgetsOldWindows(t *testing.T) {
	old, month := smsengine.Counter{Account: "john", Period: "rate 2026-11-20T08:00Z"}, smsengine.Counter{Account: "john", Period: "2026-10"}
	recent := smsengine.Counter{Account: "john", Period: "rate 2026-11-23T08:00Z"}
	now := time.Now()
	b := newBench(t, func(b *bench) {
		for c, last := range map[smsengine.Counter]time.Time{old: now.Add(-49 * time.Hour), month: now.Add(-700 * time.Hour), recent: now.Add(-47 * time.Hour)} {
			if err := b.store.SetUsage(context.Background(), c, smsengine.Usage{Used: 7, Last: last}); err != nil {
				b.t.Fatal(err)
			}
		}
	})
	deadline := time.Now().Add(20 * time.Second)
	for b.used("john", old.Period) != 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	for c, want := range map[smsengine.Counter]int{old: 0, month: 7, recent: 7} {
		if got := b.used("john", c.Period); got != want {
			t.Errorf("%d in %s, want %d", got, c.Period, want)
		}
	}
}
