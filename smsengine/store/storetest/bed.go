package storetest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Times and addresses of the suite. Nothing in it looks at the clock.
var (
	start  = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	expiry = start.Add(120 * time.Hour)
	john   = smsengine.Mailbox("john@example.org")
	phone  = smsengine.Phone("+15555550123")
	other  = smsengine.Phone("+15555550199")
	ours   = smsengine.Phone("+15555550100")
)

const node = "here/1"

// bed is a store under test, with the words that the cases are written in. A
// helper that cannot do its part ends the test.
type bed struct {
	*testing.T
	open   func(t *testing.T, dir string) smsengine.Store
	dir    string
	store  smsengine.Store
	closed bool // on purpose
	n      int  // messages made
}

func (b *bed) ctx() context.Context { return context.Background() }

// reopen is a stop and a start.
func (b *bed) reopen() {
	b.Helper()
	if err := b.store.Close(); err != nil {
		b.Fatalf("close: %v", err)
	}
	b.store = b.open(b.T, b.dir)
}

// text makes a text of one part that is ready for the gateway "sim".
func (b *bed) text(change ...func(*smsengine.Message)) smsengine.Message {
	b.n++
	m := smsengine.Message{
		ID:  smsengine.NewMessageID(start.Add(time.Duration(b.n) * time.Millisecond)),
		Key: fmt.Sprint("key ", b.n), Kind: smsengine.Text,
		From: john, To: phone, Body: smsengine.Body{Text: "hello"}, Cost: 1,
		Created: start, Expires: expiry,
		Route: smsengine.Over("sim"), State: smsengine.Ready, Next: start,
		Parts: []smsengine.Part{{Text: "hello"}},
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func route(gateways ...string) func(*smsengine.Message) {
	return func(m *smsengine.Message) { m.Route = smsengine.Over(gateways...) }
}

// ranked is a route as its text has it.
func ranked(text string) func(*smsengine.Message) {
	return func(m *smsengine.Message) {
		var err error
		if m.Route, err = smsengine.ParseRoute(text); err != nil {
			panic(err)
		}
	}
}

func key(k string) func(*smsengine.Message) { return func(m *smsengine.Message) { m.Key = k } }

func next(after time.Duration) func(*smsengine.Message) {
	return func(m *smsengine.Message) { m.Next = start.Add(after) }
}

func parts(n int) func(*smsengine.Message) {
	return func(m *smsengine.Message) { m.Parts, m.Cost = make([]smsengine.Part, n), n }
}

func paidBy(account string, cost int) func(*smsengine.Message) {
	return func(m *smsengine.Message) {
		m.Account, m.Cost, m.Charges = account, cost, nil
		if account != "" {
			charged(account, "2026-11", cost)(m)
		}
	}
}

// charged adds a charge.
func charged(account, period string, amount int) func(*smsengine.Message) {
	return func(m *smsengine.Message) {
		c := smsengine.Counter{Account: account, Period: period}
		m.Charges = append(m.Charges, smsengine.Charge{Counter: c, Amount: amount})
	}
}

// monthly is the limit of one account's month.
func monthly(account string, most int) smsengine.Limits {
	return smsengine.Limits{{Account: account, Period: "2026-11"}: {Most: most}}
}

func notify(n smsengine.Notify) func(*smsengine.Message) {
	return func(m *smsengine.Message) { m.Notify = n }
}

func source() smsengine.Source {
	return smsengine.Source{
		ID: smsengine.NewSourceID(start), Door: "lmtp", Received: start, Sender: john,
		MessageID: "1@example.org", Subject: "hello",
	}
}

// accept stores the messages, each of them new, and gives them as stored.
func (b *bed) accept(ms ...smsengine.Message) []smsengine.Message {
	b.Helper()
	src := source()
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: ms})
	if err != nil || len(as) != len(ms) {
		b.Fatalf("accept: %+v, %v", as, err)
	}
	out := make([]smsengine.Message, len(ms))
	for i, a := range as {
		if a.Err != nil || a.Duplicate || a.ID == "" {
			b.Fatalf("accept: message %d of %d: %+v", i, len(ms), a)
		}
		out[i] = b.message(a.ID)
	}
	return out
}

func (b *bed) message(id smsengine.MessageID) smsengine.Message {
	b.Helper()
	m, err := b.store.Message(b.ctx(), id)
	if err != nil {
		b.Fatalf("message %s: %v", id, err)
	}
	return m
}

// claim begins attempts at up to n messages of the gateway.
func (b *bed) claim(gateway string, n int) []smsengine.Delivery {
	b.Helper()
	return b.claimAt(start, map[string]int{gateway: n})
}

func (b *bed) claimAt(now time.Time, room map[string]int) []smsengine.Delivery {
	b.Helper()
	ds, err := b.store.Claim(b.ctx(), smsengine.Claim{Node: node, Room: room, Now: now, Until: now.Add(time.Hour)})
	if err != nil {
		b.Fatalf("claim: %v", err)
	}
	return ds
}

// sending stores a message and begins an attempt at it.
func (b *bed) sending(change ...func(*smsengine.Message)) smsengine.Message {
	b.Helper()
	m := b.accept(b.text(change...))[0]
	ds := b.claimAt(m.Next, map[string]int{m.Route.Gateways()[0]: 1})
	if len(ds) != 1 || ds[0].Message.ID != m.ID {
		b.Fatalf("claim: got %+v, want message %s", ds, m.ID)
	}
	return ds[0].Message
}

// record applies events that must succeed and gives the last result.
func (b *bed) record(es ...smsengine.Event) smsengine.Result {
	b.Helper()
	rs, err := b.store.Record(b.ctx(), es)
	if err != nil || len(rs) != len(es) {
		b.Fatalf("record: %d results of %d events, %v", len(rs), len(es), err)
	}
	for i, r := range rs {
		if r.Err != nil {
			b.Fatalf("record: event %d, %s: %v", i, es[i].Kind, r.Err)
		}
	}
	return rs[len(rs)-1]
}

// event is something that happens to the message, in its present attempt.
func event(m smsengine.Message, kind smsengine.EventKind) smsengine.Event {
	e := smsengine.Event{
		Message: m.ID, Kind: kind, At: start.Add(time.Second), Attempt: m.Attempt, Gateway: m.Gateway,
	}
	switch kind {
	case smsengine.Deferred:
		e.Status = smsengine.Status{Class: smsengine.Temporary, Code: "4.4.1", Text: "no answer"}
		e.Until = start.Add(time.Minute)
	case smsengine.Refused:
		e.Status = smsengine.Status{Class: smsengine.Permanent, Code: "5.1.1", Text: "no such number"}
	case smsengine.InDoubt:
		e.Status = smsengine.Status{Class: smsengine.Uncertain, Code: "4.4.2", Text: "answer lost"}
	case smsengine.PartTaken:
		e.Node, e.Until = m.Lease.Node, m.Lease.Until
	}
	return e
}

// taken is the gateway taking the part, or with the last one the message.
func taken(m smsengine.Message, part int, ref string) smsengine.Event {
	kind := smsengine.PartTaken
	if part == len(m.Parts)-1 {
		kind = smsengine.Taken
	}
	e := event(m, kind)
	e.Part, e.Taken = part, smsengine.Taking{Reference: ref, Ours: ours, Receipts: true}
	return e
}

// trace gives the kinds of the message's events.
func (b *bed) trace(id smsengine.MessageID) string {
	b.Helper()
	es, err := b.store.Trace(b.ctx(), id)
	if err != nil {
		b.Fatalf("trace %s: %v", id, err)
	}
	kinds := make([]string, len(es))
	for i, e := range es {
		kinds[i] = string(e.Kind)
		if e.At.IsZero() || e.Message != id {
			b.Errorf("event %d of %s, %s: of message %q at %v", i, id, e.Kind, e.Message, e.At)
		}
	}
	return strings.Join(kinds, " ")
}

func (b *bed) wantTrace(id smsengine.MessageID, want string) {
	b.Helper()
	if got := b.trace(id); got != want {
		b.Errorf("the trace of %s is %q, want %q", id, got, want)
	}
}

func (b *bed) wantState(id smsengine.MessageID, want smsengine.State) {
	b.Helper()
	if m := b.message(id); m.State != want {
		b.Errorf("message %s is %s, want %s; its trace: %s", id, m.State, want, b.trace(id))
	}
}

func (b *bed) wantUsage(account string, want int) {
	b.Helper()
	b.wantUsed(account, "2026-11", want)
}

func (b *bed) wantUsed(account, period string, want int) {
	b.Helper()
	if u, err := b.store.Usage(b.ctx(), smsengine.Counter{Account: account, Period: period}); err != nil || u.Used != want {
		b.Errorf("%s has used %+v in %s, want %d (%v)", account, u, period, want, err)
	}
}

// differences says in which fields two values of a struct type differ, "" in
// none. Times are equal if they are the same instant, and an empty list is no
// list.
func differences(got, want any) string {
	var out []string
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if a, b := plain(g.Field(i)), plain(w.Field(i)); !reflect.DeepEqual(a, b) {
			out = append(out, fmt.Sprintf("%s is %+v, want %+v", g.Type().Field(i).Name, a, b))
		}
	}
	return strings.Join(out, "; ")
}

// plain takes from a value what differences does not count.
func plain(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case time.Time:
		return x.UTC()
	case smsengine.Lease:
		return fmt.Sprint(x.Node, x.Until.UTC())
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		out := []any{}
		for i := range v.Len() {
			out = append(out, plain(v.Index(i)))
		}
		return out
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			out[v.Type().Field(i).Name] = plain(v.Field(i))
		}
		return out
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	}
	return v.Interface()
}

// together calls f n times at once and waits.
func together(n int, f func(i int)) {
	done := make(chan struct{})
	begin := make(chan struct{})
	for i := range n {
		go func() {
			defer func() { done <- struct{}{} }()
			<-begin
			f(i)
		}()
	}
	close(begin)
	for range n {
		<-done
	}
}
