package smsengine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/stage"
)

var (
	ours   = smsengine.Phone("+15555550100")
	theirs = smsengine.Phone("+15555550101")
	desk   = smsengine.Mailbox("desk@example.org")
)

// hear has the engine hear a part from the phone.
func (b *bench) hear(in smsengine.IncomingPart) {
	b.t.Helper()
	in.From, in.To = theirs, ours
	if err := b.engine.Sink("sim").Incoming(b.t.Context(), in); err != nil {
		b.t.Fatal(err)
	}
}

// letters waits until so many mails were handed to the MTA, and gives their
// messages, oldest first.
func (b *bench) letters(n int) []smsengine.Message {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		b.mail.mu.Lock()
		var got []smsengine.Message
		for _, d := range b.mail.got {
			got = append(got, d.Message)
		}
		b.mail.mu.Unlock()
		if len(got) >= n {
			return got
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%d mails went out, want %d", len(got), n)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestGapsAreMarked(t *testing.T) {
	b := newBench(t, func(b *bench) { b.cfg.Incomplete = 100 * time.Millisecond })
	for _, seq := range []int{2, 3, 6} {
		b.hear(smsengine.IncomingPart{Ref: 7, Seq: seq, Total: 7, Text: fmt.Sprint("part ", seq), Dedupe: fmt.Sprint(seq)})
	}
	m := b.letters(1)[0]
	if m.Body.Text != "part 2part 3 [...] part 6" || !slices.Equal(m.Body.Received.Missing, []int{1, 4, 5, 7}) || m.Body.Received.Total != 7 {
		t.Errorf("%q without %v of %d", m.Body.Text, m.Body.Received.Missing, m.Body.Received.Total)
	}
}

// What comes after a text was given up as incomplete is delivered too.
func TestLatePartsAreDelivered(t *testing.T) {
	b := newBench(t, func(b *bench) { b.cfg.Incomplete = 50 * time.Millisecond })
	part := func(seq int) smsengine.IncomingPart {
		return smsengine.IncomingPart{Ref: 7, Seq: seq, Total: 3, Text: fmt.Sprint("part ", seq), Dedupe: fmt.Sprint(seq)}
	}
	b.hear(part(1))
	b.letters(1)
	b.hear(part(3))
	b.hear(part(1)) // the network repeats itself
	ms := b.letters(2)
	if m := ms[1]; m.Body.Text != "part 3" || !slices.Equal(m.Body.Received.Missing, []int{1, 2}) {
		t.Errorf("%q without %v", m.Body.Text, m.Body.Received.Missing)
	}
}

func TestBinaryPartsAreJoined(t *testing.T) {
	b := newBench(t, nil)
	udh := []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0} // ports, 3GPP TS 23.040 §9.2.3.24.4
	for _, seq := range []int{2, 1} {
		b.hear(smsengine.IncomingPart{Ref: 7, Seq: seq, Total: 2, Data: []byte{byte(seq), 0}, UDH: udh, Dedupe: fmt.Sprint(seq)})
	}
	r := b.letters(1)[0].Body.Received
	if !bytes.Equal(r.Data, []byte{1, 0, 2, 0}) || !bytes.Equal(r.UDH, udh) {
		t.Errorf("data %x, header %x", r.Data, r.UDH)
	}
}

// faulty is a store around whose Accept things happen.
type faulty struct {
	smsengine.Store
	before func() error // instead of it, if it fails
	after  func() error // the answer is lost
}

func (f *faulty) Accept(ctx context.Context, in smsengine.Intake) ([]smsengine.AcceptedMessage, error) {
	if in.Consumes != "" && f.before != nil {
		if err := f.before(); err != nil {
			return nil, err
		}
	}
	as, err := f.Store.Accept(ctx, in)
	if in.Consumes != "" && f.after != nil && err == nil {
		err = f.after()
	}
	return as, err
}

// reception has the real list decide about texts from phones.
func (b *bench) reception() {
	b.t.Helper()
	parser, err := phone.New(phone.Rules{Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.cfg.Incoming = stage.Incoming(stage.Config{
		Parser: parser, Phones: []string{"sim"}, Numbers: map[string]smsengine.Address{"sim": ours}, LinkFor: time.Hour,
		Reception: stage.Reception{
			Conflict: "Who? {codes}", ConflictLimit: 2, Stop: []string{"STOP"}, Start: []string{"START"},
			Identical:        smsengine.Rate{Parts: 2, Every: 24 * time.Hour},
			DefaultRecipient: map[string]smsengine.Address{"sim": desk},
		},
	})
}

// write has a mailbox write to the phone, which makes a link.
func (b *bench) write(sender string) {
	b.t.Helper()
	out := b.engine.Submit(b.t.Context(), smsengine.Submission{
		Source:     smsengine.Source{Door: "test", Sender: smsengine.Mailbox(sender), MessageID: sender},
		Body:       smsengine.Body{Text: "hello"},
		Recipients: []smsengine.Recipient{{Address: theirs.Value}},
	})
	b.until(out[0].ID, smsengine.Sent)
}

// A text that answers one of two is delivered, and the phone is asked, each once,
// wherever the process dies between.
func TestConflictSurvivesACrash(t *testing.T) {
	for _, x := range []struct {
		name string
		do   func(b *bench, f *faulty)
	}{
		{"before the text is decided", func(b *bench, f *faulty) {
			b.stop()
			b.hear(smsengine.IncomingPart{Text: "yes"})
			b.run()
		}},
		{"before it is stored", func(b *bench, f *faulty) {
			var once sync.Once
			f.before = func() (err error) {
				once.Do(func() { err = errors.New("the disk is full") })
				return err
			}
			b.hear(smsengine.IncomingPart{Text: "yes"})
		}},
		{"when it is stored", func(b *bench, f *faulty) {
			died := make(chan struct{})
			var once sync.Once
			f.after = func() (err error) {
				once.Do(func() { close(died); err = errors.New("nobody hears this") })
				return err
			}
			b.sim.hold, b.mail.hold = make(chan struct{}), make(chan struct{})
			b.hear(smsengine.IncomingPart{Text: "yes"})
			<-died
			close(b.sim.hold)
			close(b.mail.hold)
			b.stop()
			b.run()
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var f *faulty
			b := newBench(t, func(b *bench) {
				f = &faulty{Store: b.store}
				b.cfg.Store = f
				b.reception()
			})
			b.write("john@example.org")
			b.write("mary@example.org")
			x.do(b, f)
			if m := b.letters(1)[0]; m.To != desk || m.Body.Text != "yes" {
				t.Errorf("delivered %+v", m)
			}
			b.asked("hello hello Who? 1 john, 2 mary")
			c, err := b.store.Conflict(t.Context(), ours, theirs)
			if err != nil || c.Told != 1 || c.Message != b.letters(1)[0].ID {
				t.Errorf("remembered %+v, %v", c, err)
			}

			// The answer is a code, and finds her.
			b.hear(smsengine.IncomingPart{Text: "2"})
			if m := b.letters(2)[1]; m.To.Value != "mary@example.org" || m.Body.Text != "yes" || m.Body.Received.Decided != "answer: "+string(m.About)+" of mary@example.org" {
				t.Errorf("the answer %+v", m)
			}
			b.asked("hello hello Who? 1 john, 2 mary")
		})
	}
}

// However many texts come at the same moment, the phone is asked no more often
// than the site allows, and none of them is lost.
func TestConflictLimitHolds(t *testing.T) {
	b := newBench(t, (*bench).reception)
	b.write("john@example.org")
	b.write("mary@example.org")
	const texts = 12
	for i := range texts {
		b.hear(smsengine.IncomingPart{Text: fmt.Sprint("text ", i)})
	}
	got := map[string]bool{}
	for _, m := range b.letters(texts) {
		got[m.Body.Text] = true
	}
	if len(got) != texts {
		t.Errorf("%d of %d texts were delivered: %v", len(got), texts, got)
	}
	b.asked("hello hello Who? 1 john, 2 mary Who? 1 john, 2 mary")
}

// asked waits until the phone has these texts.
func (b *bench) asked(want string) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for strings.Join(b.sim.texts(), " ") != want {
		if time.Now().After(deadline) {
			b.t.Fatalf("the phone has %q, want %q", b.sim.texts(), want)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// What comes again and again is dropped, and the mailbox is told of it once; the
// next text is heard.
func TestIdenticalTextsAreDropped(t *testing.T) {
	b := newBench(t, (*bench).reception)
	for range 6 {
		b.hear(smsengine.IncomingPart{Text: "ping", Dedupe: string(smsengine.NewSourceID(time.Now()))})
	}
	b.letters(3)
	b.hear(smsengine.IncomingPart{Text: "pong"})
	var got []string
	for _, m := range b.letters(4) {
		got = append(got, string(m.Kind)+" "+strings.SplitN(m.Body.Text, "\n", 2)[0])
	}
	slices.Sort(got)
	if want := []string{"incoming ping", "incoming ping", "incoming pong"}; !slices.Equal(got[:3], want) || !strings.HasPrefix(got[3], "note ") {
		t.Errorf("the mailbox got %q", got)
	}
	if sets, err := b.store.Unconsumed(t.Context(), time.Now().Add(time.Hour)); err != nil || len(sets) > 0 {
		t.Errorf("%d texts wait (%v)", len(sets), err)
	}
}

// STOP is stored with the text that says it.
func TestStopIsHeard(t *testing.T) {
	b := newBench(t, (*bench).reception)
	for i, c := range []struct {
		text string
		want []smsengine.Address
	}{{"stop.", []smsengine.Address{ours}}, {"Start", nil}} {
		b.hear(smsengine.IncomingPart{Text: c.text})
		if m := b.letters(i + 1)[i]; m.To != desk || m.Body.Text != c.text || m.Body.Received.Note == "" {
			t.Errorf("delivered %+v", m)
		}
		if got, err := b.store.Suppressed(t.Context(), theirs); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("after %q: %v, %v", c.text, got, err)
		}
	}
}
