package smsengine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// watch has the webhook shop hear when a text was sent.
type watch struct{}

func (watch) Name() string { return "watch" }
func (watch) Do(_ context.Context, d *smsengine.Draft) error {
	d.Message.Watch = []smsengine.Watch{{Webhook: "shop", Occasions: smsengine.OnSent}}
	return nil
}

// program is what calls webhooks: it answers as its script says.
type program struct{ phones }

func (p *program) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	_, err := p.phones.Send(ctx, d)
	return smsengine.Taking{Delivered: true}, err
}

func (p *program) told() []smsengine.Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]smsengine.Delivery{}, p.got...)
}

func newProgram(t *testing.T, script ...error) (*bench, *program) {
	t.Helper()
	p := &program{}
	p.script = script
	b := newBench(t, func(b *bench) {
		b.cfg.Outgoing = append(b.cfg.Outgoing, unlimited{}, watch{})
		b.cfg.Gateways[smsengine.WebhookGateway] = smsengine.Lane{Gateway: p}
	})
	if err := b.store.PutWebhook(t.Context(), smsengine.Webhook{Name: "shop", Occasions: smsengine.OnSent, URL: "https://shop.example.com", Secret: []byte{1}}); err != nil {
		t.Fatal(err)
	}
	return b, p
}

// calls waits for so many calls in a state, and gives their IDs, oldest first.
func (b *bench) calls(n int, state smsengine.State) (ids []smsengine.MessageID) {
	b.t.Helper()
	until(b.t, func() bool {
		ms, err := b.store.List(context.Background(), smsengine.Filter{Kind: smsengine.Call, States: []smsengine.State{state}, Oldest: true})
		if err != nil {
			b.t.Fatal(err)
		}
		ids = nil
		for _, m := range ms {
			ids = append(ids, m.ID)
		}
		return len(ids) == n
	})
	return ids
}

func TestCallAgain(t *testing.T) {
	b, program := newProgram(t, fail(smsengine.Permanent))
	sent := b.submit("hello", "+15555550123")[0].ID
	first := b.calls(1, smsengine.Failed)[0]
	began := time.Now().Truncate(time.Millisecond)

	again, isNew, err := b.engine.CallAgain(t.Context(), first, "john")
	if err != nil || !isNew || again == first {
		t.Fatalf("%s, %t, %v", again, isNew, err)
	}
	m := b.until(again, smsengine.Delivered)
	told := program.told()
	was, is := told[0].Message.Body.Notice, told[len(told)-1].Message.Body.Notice
	if m.About != sent || *was != *is || m.Created.Before(began) || m.Expires.Sub(m.Created) != smsengine.CallLife {
		t.Errorf("the new call is %+v, it tells %+v, the first told %+v", m, is, was)
	}
	if about := told[len(told)-1].About; about == nil || about.ID != sent {
		t.Errorf("it is about %+v", about)
	}
	if twice, isNew, err := b.engine.CallAgain(t.Context(), first, "john"); err != nil || isNew || twice != again {
		t.Errorf("the second time: %s, %t, %v; want %s", twice, isNew, err, again)
	}
	if known, err := smsengine.Again(t.Context(), b.store, first); err != nil || known != again {
		t.Errorf("made in its place is %s, %v", known, err)
	}
	for what, c := range map[string]struct {
		id   smsengine.MessageID
		want error
	}{
		"one that came through": {again, smsengine.ErrTransition},
		"a text":                {sent, smsengine.ErrNotFound},
		"nothing":               {"nothing", smsengine.ErrNotFound},
	} {
		if _, _, err := b.engine.CallAgain(t.Context(), c.id, "john"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	if err := b.store.RemoveWebhook(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.engine.CallAgain(t.Context(), first, "john"); !errors.Is(err, smsengine.ErrNotFound) {
		t.Errorf("of a webhook that is gone: %v", err)
	}
	if _, _, err := b.engine.AllAgain(t.Context(), "shop", "john", 9); !errors.Is(err, smsengine.ErrNotFound) {
		t.Errorf("all of a webhook that is gone: %v", err)
	}
	// Somebody else has a webhook of that name now, and is told nothing of john's.
	err = b.store.PutWebhook(t.Context(), smsengine.Webhook{Name: "shop", Account: "rival", Occasions: smsengine.OnSent, URL: "https://rival.example.com", Secret: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.engine.CallAgain(t.Context(), first, "rival"); !errors.Is(err, smsengine.ErrNotFound) {
		t.Errorf("of another's webhook: %v", err)
	}
	if n, _, err := b.engine.AllAgain(t.Context(), "shop", "rival", 9); n != 0 || err != nil {
		t.Errorf("%d of another's webhook, %v", n, err)
	}
}

// All that failed are made anew once, so many at a time, and those that fail at
// once are not made anew in circles.
func TestAllAgain(t *testing.T) {
	var script []error
	for range 10 {
		script = append(script, fail(smsengine.Permanent))
	}
	b, _ := newProgram(t, script...)
	for _, text := range []string{"one", "two", "three", "four", "five"} {
		b.submit(text, "+15555550123")
	}
	b.calls(5, smsengine.Failed)
	if n, more, err := b.engine.AllAgain(t.Context(), "shop", "john", 3); err != nil || n != 3 || !more {
		t.Fatalf("%d, more %t, %v", n, more, err)
	}
	b.calls(8, smsengine.Failed)
	if n, more, err := b.engine.AllAgain(t.Context(), "shop", "john", 100); err != nil || n != 5 || more {
		t.Fatalf("%d, more %t, %v", n, more, err)
	}
	b.calls(10, smsengine.Failed)
	b.calls(3, smsengine.Delivered)
	if n, more, err := b.engine.AllAgain(t.Context(), "shop", "john", 100); err != nil || n != 2 || more {
		t.Fatalf("%d, more %t, %v", n, more, err)
	}
	b.calls(5, smsengine.Delivered)
	if n, more, err := b.engine.AllAgain(t.Context(), "shop", "john", 100); err != nil || n != 0 || more {
		t.Fatalf("%d, more %t, %v", n, more, err)
	}
}
