// Package gatewaytest is the suite that every driver must pass. It says in code
// what the comments on [smsengine.Gateway], [smsengine.Receiver] and
// [smsengine.Sink] say in words; docs/adding-a-gateway.md says how to use it.
package gatewaytest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Fixture is a driver connected to a network that the test commands. The first
// four fields are needed; the others say what else the network can do, and what
// it cannot is not checked.
type Fixture struct {
	Gateway smsengine.Gateway
	ID      string // the gateway's ID
	Number  string // ours
	// Arrived gives the parts that came to a phone, in the order of coming, once
	// there are n, or when ctx ends. A driver that sends whole messages gives
	// texts.
	Arrived func(ctx context.Context, number string, n int) []smsengine.Part

	// Fail makes the network fail the next n parts in this way.
	Fail func(n int, class smsengine.Class)
	// Post sends a text from a phone to ours. It does not wait for the Sink.
	Post func(from, text string)
	// Receipts: the network reports on parts, also if it did not answer for them.
	Receipts bool
	// Undeliverable is a number for which the network takes texts, and reports
	// later that they failed.
	Undeliverable string
	// Repeats: the network is one that brings things twice.
	Repeats bool
	// NoBinary: it carries neither binary messages nor user data headers.
	NoBinary bool
}

// patience is how long the suite waits for what must happen.
const patience = 20 * time.Second

// Run checks a driver. connect is called for each check, and cleans up with
// t.Cleanup.
func Run(t *testing.T, connect func(t *testing.T) Fixture) {
	var checks []check
	t.Run("connects", func(t *testing.T) {
		f := connect(t)
		for _, c := range slices.Concat(sending, receiving) {
			if c.needs == nil || c.needs(f) {
				checks = append(checks, c)
			} else {
				t.Logf("left out, since the network cannot do this: %s", c.name)
			}
		}
	})
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			f := connect(t)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			c.check(ctx, t, f)
		})
	}
}

// check is one promise of the contract.
type check struct {
	name  string
	needs func(Fixture) bool // nil: nothing
	check func(ctx context.Context, t *testing.T, f Fixture)
}

var phones atomic.Int64

// phone is a number that no other check uses, reserved for fiction.
func phone() string { return fmt.Sprintf("+1555555%04d", phones.Add(1)%10000) }

// deliver is part 0 of a new message with these parts.
func (f Fixture) deliver(to string, parts ...smsengine.Part) smsengine.Delivery {
	now := time.Now().UTC()
	m := smsengine.Message{
		ID: smsengine.NewMessageID(now), Kind: smsengine.Text, Gateway: f.ID,
		From: smsengine.Mailbox("john@example.org"), To: smsengine.Phone(to),
		Body:    smsengine.Body{Alphabet: "gsm7"},
		Created: now, Expires: now.Add(time.Hour),
		State: smsengine.Sending, Attempt: 1, Parts: parts,
	}
	for _, p := range parts {
		m.Body.Text += p.Text
		if p.Data != nil {
			m.Body.Alphabet = "binary"
		}
	}
	return smsengine.Delivery{Message: m}
}

// text is part 0 of a new message of one part.
func (f Fixture) text(to, text string) smsengine.Delivery {
	return f.deliver(to, smsengine.Part{Text: text})
}

// long makes the parts of a long text, with 8-bit concatenation headers
// (3GPP TS 23.040 §9.2.3.24.1).
func long(ref byte, texts ...string) []smsengine.Part {
	parts := make([]smsengine.Part, len(texts))
	for i, s := range texts {
		parts[i] = smsengine.Part{Text: s, UDH: []byte{5, 0, 3, ref, byte(len(texts)), byte(i + 1)}}
	}
	return parts
}

// whole reports whether the driver takes messages uncut.
func (f Fixture) whole() bool {
	s, ok := f.Gateway.(smsengine.Splitter)
	return ok && s.Whole()
}

// listen starts the receiver. The function it gives stops it and checks how it
// stops; the test does so at its end if nobody did.
func (f Fixture) listen(ctx context.Context, t *testing.T, s *Sink) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = f.Gateway.(smsengine.Receiver).Listen(ctx, s) // why it ended is no promise
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("Listen did not return when its context ended")
		}
		if n := s.busy(); n > 0 {
			t.Errorf("Listen returned while %d calls of the Sink were under way", n)
		}
	}
	t.Cleanup(stop)
	return stop
}

// arrivals gives the texts that came to a phone, in order, once there are n.
// Where the network repeats, a text that is the same as the one before it does
// not count.
func (f Fixture) arrivals(ctx context.Context, number string, n int) []string {
	for raw := n; ; raw++ {
		var texts []string
		parts := f.Arrived(ctx, number, raw)
		for _, p := range parts {
			texts = append(texts, p.Text)
		}
		if f.Repeats {
			texts = slices.Compact(texts)
		}
		if len(texts) >= n || len(parts) < raw {
			return texts
		}
		raw = len(parts)
	}
}
