package smsengine_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/stage"
)

// doer does what rules want, and fails when the rule's title says so.
type doer struct{ mta }

func (d *doer) Send(ctx context.Context, del smsengine.Delivery) (smsengine.Taking, error) {
	if _, err := d.phones.Send(ctx, del); err != nil {
		return smsengine.Taking{}, err
	}
	if strings.HasPrefix(del.Message.To.Value, "fails") {
		return smsengine.Taking{}, smsengine.Fail("do", smsengine.Permanent, "5.3.0", "the program failed", nil)
	}
	return smsengine.Taking{Delivered: true}, nil
}

// ruledBench is a bench with the real lists, whose rules are what the pointers hold.
func ruledBench(t *testing.T) (b *bench, out, in *atomic.Pointer[rule.Set]) {
	out, in = &atomic.Pointer[rule.Set]{}, &atomic.Pointer[rule.Set]{}
	parser, err := phone.New(phone.Rules{Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US"})
	if err != nil {
		t.Fatal(err)
	}
	c := stage.Config{
		Parser: parser, Phones: []string{"sim"}, Expiry: time.Hour,
		Accounts: &account.Decider{Passwords: account.NewVerifier(nil), Site: account.Site{
			Domains: []string{"example.org"}, Location: time.UTC, Policy: smsengine.Policy{Send: new(true), Rate: new(smsengine.Rate{}), Identical: new(smsengine.Rate{})},
		}},
		Rules:     stage.Rules{Outgoing: out.Load, Incoming: in.Load},
		Reception: stage.Reception{DefaultRecipient: map[string]smsengine.Address{"sim": desk}},
	}
	b = newBench(t, func(b *bench) {
		b.cfg.Outgoing, b.cfg.Incoming = stage.Outgoing(c), stage.Incoming(c)
		b.cfg.Gateways[smsengine.RulesGateway] = smsengine.Lane{Gateway: &doer{}, Concurrency: 4}
	})
	return b, out, in
}

// anyRules draws a file of rules.
func anyRules(t *rapid.T, d rule.Direction) string {
	conditions := []string{`if.always = true`, `if.text.contains = "a"`, `if.text.contains = "b"`, `if.routed = false`, `if.parts.over = 1`, `if.to.starts = "+1"`}
	actions := []string{
		`then.copy = ["john@example.org", "+15555550198"]`, `then.archive = "archive@example.org"`, `then.forward = "anna@example.org"`,
		`then.forward = "+15555550197"`, `then.forward = ["+15555550197", "anna@example.org"]`, `then.drop = true`, `then.tag = "x"`,
		`then.run = ["/bin/true", "--", "%%text%%"]`, `then.call = "https://crm.example.org/?t=%%text%%"`, `then.edit.text = "b %%text%%"`,
		`then.sql = { database = "crm", statement = "insert into t values (%%text%%)" }`, `then.edit.text = ""`,
	}
	if d == rule.Outgoing {
		actions = append(actions, `then.reject = "No."`, `then.gateway = "sim"`, `then.edit.to = { matches = '7$', with = '8' }`, `then.sender = "+15555550100"`,
			`then.edit.to = { matches = '3$', with = 'x@nowhere.example.com' }`)
	}
	var b strings.Builder
	for i := range rapid.IntRange(0, 5).Draw(t, "rules") {
		title := rapid.SampledFrom([]string{"works", "fails"}).Draw(t, "title")
		fmt.Fprintf(&b, "[[rule]]\ntitle = \"%s %d\"\n%s\n%s\nstop = %v\n", title, i, rapid.SampledFrom(conditions).Draw(t, "if"),
			rapid.SampledFrom(actions).Draw(t, "then"), rapid.Bool().Draw(t, "stop"))
	}
	return b.String()
}

func anySet(t *rapid.T, d rule.Direction) *rule.Set {
	s, err := rule.Parse(fstest.MapFS{}, string(d)+".toml", []byte(anyRules(t, d)), d, rule.Site{Gateways: []string{"sim"}, Domains: []string{"example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// No rules make a message vanish: a text is refused to the sender's face, or it is
// stored, has a trace, and comes to an end, with all that is done beside it. A text
// from a phone is always stored.
func TestNoRulesMakeAMessageVanish(t *testing.T) {
	b, out, in := ruledBench(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		out.Store(anySet(t, rule.Outgoing))
		in.Store(anySet(t, rule.Incoming))
		text := fmt.Sprint(rapid.SampledFrom([]string{"a", "b", "c", strings.Repeat("long ", 60)}).Draw(t, "text"), n)
		number := rapid.SampledFrom([]string{"+15555550123", "+15555550127"}).Draw(t, "number")
		outcome := b.engine.Submit(t.Context(), smsengine.Submission{
			Source: smsengine.Source{Door: "test", Sender: smsengine.Mailbox("john@example.org"), MessageID: fmt.Sprint(n, "@example.org"),
				Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: "john@example.org"}},
			Body: smsengine.Body{Text: text}, Recipients: []smsengine.Recipient{{Address: number + "@sms.example.org"}},
		})[0]
		if (outcome.Err == nil) != (outcome.ID != "") || outcome.Dropped != "" {
			t.Fatalf("%+v", outcome)
		}
		if err := b.engine.Sink("sim").Incoming(t.Context(), smsengine.IncomingPart{From: smsengine.Phone(number), To: ours, Text: text, Dedupe: fmt.Sprint(n)}); err != nil {
			t.Fatal(err)
		}
		settled(t, b, n, outcome.ID)
	})
}

// settled waits until all that was stored has come to an end, and nothing less than
// n texts from phones are there.
func settled(t *rapid.T, b *bench, n int, id smsengine.MessageID) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		heard, open := 0, []smsengine.Message(nil)
		ms, err := b.store.List(t.Context(), smsengine.Filter{Limit: 100000})
		if err != nil {
			t.Fatal(err)
		}
		there := id == ""
		for _, m := range ms {
			there = there || m.ID == id
			if m.Kind == smsengine.Incoming && strings.HasPrefix(m.Key, "incoming:") {
				heard++
			}
			if !m.State.Final() && m.State != smsengine.Sent {
				open = append(open, m)
			}
		}
		if there && heard == n && len(open) == 0 {
			for _, m := range ms[:min(len(ms), 20)] {
				if es, err := b.store.Trace(t.Context(), m.ID); err != nil || len(es) == 0 {
					t.Fatalf("%s has no trace: %v", m.ID, err)
				}
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("there %v; %d of %d texts from phones; open: %+v", there, heard, n, open)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// The same mail handed over twice is one text, and what rules do beside it is done
// once, also where a text to somebody else in the same mail is new.
func TestRulesActOnce(t *testing.T) {
	b, out, _ := ruledBench(t)
	s, err := rule.Parse(fstest.MapFS{}, "outgoing.toml", []byte("[[rule]]\ntitle = \"page\"\nif.always = true\nthen.run = [\"/bin/page\", \"%%to%%\"]\n"), rule.Outgoing, rule.Site{})
	if err != nil {
		t.Fatal(err)
	}
	out.Store(s)
	for _, to := range [][]string{{"+15555550123"}, {"+15555550123"}, {"+15555550123", "+15555550124"}} {
		sub := smsengine.Submission{
			Source: smsengine.Source{Door: "test", Sender: smsengine.Mailbox("john@example.org"), MessageID: "1@example.org",
				Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: "john@example.org"}},
			Body: smsengine.Body{Text: "hello"},
		}
		for _, number := range to {
			sub.Recipients = append(sub.Recipients, smsengine.Recipient{Address: number + "@sms.example.org"})
		}
		for _, o := range b.engine.Submit(t.Context(), sub) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
		}
	}
	deeds, err := b.store.List(t.Context(), smsengine.Filter{Kind: smsengine.Deed})
	if err != nil || len(deeds) != 2 {
		t.Fatalf("%d deeds for two texts, %v", len(deeds), err)
	}
	for _, d := range deeds {
		about := b.until(d.About, smsengine.Sent)
		if !strings.Contains(string(d.Body.Deed), about.To.Value) {
			t.Errorf("%s is about a text to %s", d.Body.Deed, about.To.Value)
		}
		b.until(d.ID, smsengine.Delivered)
	}
}

// What a rule does not get the administrator hears of, once a day for each rule.
func TestUndoneIsTold(t *testing.T) {
	b, out, _ := ruledBench(t)
	b.stop()
	b.cfg.Administrator = smsengine.Mailbox("postmaster@example.org")
	b.run()
	s, err := rule.Parse(fstest.MapFS{}, "outgoing.toml", []byte("[[rule]]\ntitle = \"fails to page\"\nif.always = true\nthen.run = [\"/bin/page\"]\n"), rule.Outgoing, rule.Site{})
	if err != nil {
		t.Fatal(err)
	}
	out.Store(s)
	for i := range 3 {
		b.engine.Submit(t.Context(), smsengine.Submission{
			Source: smsengine.Source{Door: "test", Sender: smsengine.Mailbox("john@example.org"), MessageID: fmt.Sprint(i, "@example.org"),
				Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: "john@example.org"}},
			Body: smsengine.Body{Text: "hello"}, Recipients: []smsengine.Recipient{{Address: "+15555550123@sms.example.org"}},
		})
	}
	deeds, err := b.store.List(t.Context(), smsengine.Filter{Kind: smsengine.Deed})
	if err != nil || len(deeds) != 3 {
		t.Fatalf("%d, %v", len(deeds), err)
	}
	for _, d := range deeds {
		b.until(d.ID, smsengine.Failed)
	}
	notes, err := b.store.List(t.Context(), smsengine.Filter{Kind: smsengine.Note})
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0].Body.Text, "run /bin/page") || !strings.Contains(notes[0].Body.Text, "the program failed (5.3.0)") {
		t.Errorf("%+v, %v", notes, err)
	}
}
