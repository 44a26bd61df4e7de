package storetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var stopCases = map[string]func(*bed){
	"wakes when something became ready":       stopWakes,
	"a caller who gave up before":             stopCancelled,
	"callers who give up in the middle":       stopCancelledTogether,
	"after Close every call fails":            stopClosed,
	"what was acknowledged before a Close is": stopClosing,
}

// wantWake fails if nothing wakes the dispatcher.
func (b *bed) wantWake(why string, do func()) {
	b.Helper()
	for {
		select {
		case <-b.store.Wake():
			continue
		default:
		}
		break
	}
	do()
	select {
	case <-b.store.Wake():
	case <-time.After(10 * time.Second):
		b.Errorf("%s: nobody was woken", why)
	}
}

func stopWakes(b *bed) {
	var m smsengine.Message
	b.wantWake("accepted", func() { m = b.accept(b.text())[0] })
	m = b.claim("sim", 1)[0].Message
	b.wantWake("deferred", func() { b.record(event(m, smsengine.Deferred)) })
	b.record(event(m, smsengine.HoldReq))
	b.wantWake("resumed", func() { b.record(event(m, smsengine.ResumeReq)) })
	m = b.claimAt(start.Add(time.Hour), map[string]int{"sim": 1})[0].Message
	b.wantWake("a report", func() { b.record(event(m, smsengine.Refused)) })
	m = b.sent("17", notify(smsengine.NotifySuccess))
	b.wantWake("a report of a receipt", func() { b.wantMatch(receipt("17", smsengine.PartDelivered), m.ID) })
}

func stopCancelled(b *bed) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	sending, sent, ready := b.sending(), b.sent("17"), b.text(paidBy("john", 1))
	if _, err := b.store.Accept(gone, smsengine.Intake{Source: source(), Messages: []smsengine.Message{ready}}); err == nil {
		b.wantState(ready.ID, smsengine.Ready)
	} else if _, err := b.store.Message(b.ctx(), ready.ID); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("accept failed, and the message is there (%v)", err)
	} else {
		b.wantUsage("john", 0)
		b.accept(ready)
	}
	if ds, err := b.store.Claim(gone, smsengine.Claim{Node: node, Room: map[string]int{"sim": 1}, Now: start, Until: expiry}); err != nil && len(ds) == 0 {
		b.wantState(ready.ID, smsengine.Ready)
	}
	if _, err := b.store.Record(gone, []smsengine.Event{taken(sending, 0, "18")}); err != nil {
		b.wantState(sending.ID, smsengine.Sending)
	}
	if _, _, err := b.store.Match(gone, receipt("17", smsengine.PartDelivered)); err != nil {
		b.wantState(sent.ID, smsengine.Sent)
	}
	if _, err := b.store.Collect(gone, sms(1, 1, 0)); err != nil {
		if sets := b.unconsumed(expiry); len(sets) != 0 {
			b.Errorf("collect failed, and the part is there: %+v", sets)
		}
	}
}

// However a caller's giving up and the committer race: what gave an error did
// not happen, and what did not has.
func stopCancelledTogether(b *bed) {
	const n = 60
	ms := make([]smsengine.Message, n)
	for i := range ms {
		ms[i] = b.text(paidBy("john", 1))
	}
	stored := make([]bool, n)
	together(n, func(i int) {
		ctx, cancel := context.WithCancel(context.Background())
		if i%3 == 0 {
			time.AfterFunc(time.Duration(i)*100*time.Microsecond, cancel)
		}
		as, err := b.store.Accept(ctx, smsengine.Intake{Source: source(), Messages: ms[i : i+1]})
		stored[i] = err == nil && as[0].Err == nil
		cancel()
	})
	count := 0
	for i, m := range ms {
		_, err := b.store.Message(b.ctx(), m.ID)
		if stored[i] {
			count++
		}
		if there := err == nil; there != stored[i] {
			b.Errorf("message %d: stored %t, there %t (%v)", i, stored[i], there, err)
		}
	}
	b.wantUsage("john", count)
}

func stopClosed(b *bed) {
	m := b.sending()
	if err := b.store.Close(); err != nil {
		b.Fatal(err)
	}
	b.closed = true
	_ = b.store.Close() // a second time must not panic
	ctx := b.ctx()
	for name, call := range map[string]func() error{
		"Accept": func() error {
			_, err := b.store.Accept(ctx, smsengine.Intake{Source: source(), Messages: []smsengine.Message{b.text()}})
			return err
		},
		"Collect":    func() error { _, err := b.store.Collect(ctx, sms(1, 1, 0)); return err },
		"Unconsumed": func() error { _, err := b.store.Unconsumed(ctx, start); return err },
		"Claim": func() error {
			_, err := b.store.Claim(ctx, smsengine.Claim{Node: node, Room: map[string]int{"sim": 1}, Now: start, Until: expiry})
			return err
		},
		"NextDue": func() error {
			_, err := b.store.NextDue(ctx, smsengine.Claim{Room: map[string]int{"sim": 1}})
			return err
		},
		"Record": func() error { _, err := b.store.Record(ctx, []smsengine.Event{taken(m, 0, "r")}); return err },
		"Match":  func() error { _, _, err := b.store.Match(ctx, receipt("r", "")); return err },
		"Due":    func() error { _, err := b.store.Due(ctx, node, start, 1); return err },
		"Links":  func() error { _, err := b.store.Links(ctx, ours, phone, start); return err },
		"Usage": func() error {
			_, err := b.store.Usage(ctx, smsengine.Counter{Account: "john", Period: "2026-11"})
			return err
		},
		"PutAccount":    func() error { return b.store.PutAccount(ctx, smsengine.Account{Name: "a"}) },
		"RemoveAccount": func() error { return b.store.RemoveAccount(ctx, "a") },
		"PutKey":        func() error { return b.store.PutKey(ctx, smsengine.Key{ID: "k"}) },
		"RevokeKey":     func() error { return b.store.RevokeKey(ctx, "k", start) },
		"Keys":          func() error { _, err := b.store.Keys(ctx, ""); return err },
		"StopAccount":   func() error { return b.store.StopAccount(ctx, smsengine.Stop{Account: "a"}) },
		"ResumeAccount": func() error { return b.store.ResumeAccount(ctx, "a") },
		"SetUsage": func() error {
			return b.store.SetUsage(ctx, smsengine.Counter{Account: "a", Period: day}, smsengine.Usage{Used: 1})
		},
		"UsageOf": func() error { _, err := b.store.UsageOf(ctx, "a"); return err },
		"UsedIn":  func() error { _, err := b.store.UsedIn(ctx, day); return err },
		"Prune":   func() error { return b.store.Prune(ctx, start) },
		"Source":  func() error { _, err := b.store.Source(ctx, m.Source); return err },
		"Message": func() error { _, err := b.store.Message(ctx, m.ID); return err },
		"Trace":   func() error { _, err := b.store.Trace(ctx, m.ID); return err },
		"Find":    func() error { _, err := b.store.Find(ctx, "0", 1); return err },
		"List":    func() error { _, err := b.store.List(ctx, smsengine.Filter{}); return err },
		"Counts":  func() error { _, err := b.store.Counts(ctx); return err },
	} {
		if err := call(); err == nil {
			b.Errorf("%s after Close succeeds", name)
		} else if errors.Is(err, smsengine.ErrNotFound) {
			b.Errorf("%s after Close says %q, which is not so", name, err)
		}
	}
}

// A stop in the middle of everything: what got its answer is there.
func stopClosing(b *bed) {
	const n = 40
	var ms []smsengine.Message
	for range n {
		ms = append(ms, b.text(), b.text())
	}
	b.accept(ms[:n]...)
	ds := b.claim("sim", n/2)
	want := make([]smsengine.State, 2*n)
	together(2*n+1, func(i int) {
		switch {
		case i == 2*n:
			time.Sleep(2 * time.Millisecond) // let some of them begin
			if err := b.store.Close(); err != nil {
				b.Errorf("close: %v", err)
			}
		case i >= n:
			as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms[i : i+1]})
			if err == nil && as[0].Err == nil {
				want[i] = smsengine.Ready
			}
		case i < len(ds):
			rs, err := b.store.Record(b.ctx(), []smsengine.Event{taken(ds[i].Message, 0, "")})
			at := slices.IndexFunc(ms, func(m smsengine.Message) bool { return m.ID == ds[i].Message.ID })
			want[at] = smsengine.Sending
			if err == nil && rs[0].Err == nil {
				want[at] = smsengine.Sent
			}
		}
	})
	b.store = b.open(b.T, b.dir)
	answered := 0
	for i, m := range ms {
		got, err := b.store.Message(b.ctx(), m.ID)
		switch {
		case want[i] == "" && i >= n:
			if err == nil {
				b.Errorf("message %d: the caller heard of a failure, and it is %s", i, got.State)
			}
		case want[i] == "":
			b.wantState(m.ID, smsengine.Ready)
		default:
			answered++
			b.wantState(m.ID, want[i])
		}
	}
	b.Logf("%d of %d calls were answered before the stop", answered, 2*n)
}
