package sim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
	"github.com/postel-mail/postel/smsengine/gateway/sim"
	"github.com/postel-mail/postel/smsengine/sms"
)

const phone = "+15555550123"

// message makes one as the engine does, with all its parts.
func message(t testing.TB, to, text string, ref uint16) smsengine.Message {
	t.Helper()
	split, err := sms.SplitText(text, sms.Options{Ref: ref})
	if err != nil {
		t.Fatal(err)
	}
	m := smsengine.Message{ID: smsengine.NewMessageID(time.Now()), To: smsengine.Phone(to), Body: smsengine.Body{Text: text}}
	for _, p := range split.Parts {
		m.Parts = append(m.Parts, smsengine.Part{Text: p.Text, UDH: p.UDH})
	}
	return m
}

// send sends all parts of a text.
func send(t testing.TB, g *sim.Gateway, to, text string) []smsengine.Taking {
	t.Helper()
	var ts []smsengine.Taking
	d := smsengine.Delivery{Message: message(t, to, text, 7)}
	for d.Part = range d.Message.Parts {
		taking, err := g.Send(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		ts = append(ts, taking)
	}
	return ts
}

func listen(t *testing.T, g *sim.Gateway, s smsengine.Sink) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { _ = g.Listen(ctx, s); close(done) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func awaitReports(t *testing.T, s *gatewaytest.Sink, n int) {
	t.Helper()
	if err := s.Wait(t.Context(), func(_ []smsengine.IncomingPart, reports []smsengine.ReceiptReport) bool {
		return len(reports) >= n
	}); err != nil {
		t.Fatal(err)
	}
}

func texts(in sim.Inbox) []string {
	var out []string
	for _, text := range in.Texts {
		out = append(out, text.Text)
	}
	return out
}

var longText = strings.Repeat("Wer reitet so spät durch Nacht und Wind? ", 12)

func TestPhoneJoinsLongTexts(t *testing.T) {
	for name, c := range map[string]sim.Config{"once": {}, "twice": {Duplicates: 1}} {
		t.Run(name, func(t *testing.T) {
			n := sim.NewNetwork()
			g := connect(t, n, c)
			parts := len(send(t, g, phone, longText))
			in := n.Inbox(phone)
			if in.Total != 1 || len(in.Texts) != 1 {
				t.Fatalf("the phone has %d texts", in.Total)
			}
			got := in.Texts[0]
			if got.Text != longText || got.From != ours {
				t.Errorf("it says %q from %s", got.Text, got.From)
			}
			if c.Duplicates > 0 {
				parts *= 2
			}
			if len(got.Parts) != parts {
				t.Errorf("it came in %d parts, want %d", len(got.Parts), parts)
			}
		})
	}
}

// Two texts that use the same reference at the same time, as careless senders
// do, are two texts if one is whole before the other begins.
func TestPhoneKeepsTextsWithOneReferenceApart(t *testing.T) {
	n := sim.NewNetwork()
	g := connect(t, n, sim.Config{})
	send(t, g, phone, longText)
	send(t, g, phone, longText)
	if got := n.Inbox(phone); got.Total != 2 || !slices.Equal(texts(got), []string{longText, longText}) {
		t.Errorf("the phone has %d texts: %q", got.Total, texts(got))
	}
}

func TestLoneTextComesTwice(t *testing.T) {
	n := sim.NewNetwork()
	send(t, connect(t, n, sim.Config{Duplicates: 1}), phone, "hello")
	if got := texts(n.Inbox(phone)); !slices.Equal(got, []string{"hello", "hello"}) {
		t.Errorf("the phone has %q", got)
	}
}

func TestInboxIsBounded(t *testing.T) {
	n := sim.NewNetwork()
	g := connect(t, n, sim.Config{})
	for i := range 250 {
		send(t, g, phone, fmt.Sprint("text ", i))
	}
	in := n.Inbox(phone)
	if in.Total != 250 || len(in.Texts) != 100 {
		t.Fatalf("of %d texts it keeps %d", in.Total, len(in.Texts))
	}
	if in.Texts[0].Text != "text 150" || in.Texts[99].Text != "text 249" {
		t.Errorf("it keeps %q to %q", in.Texts[0].Text, in.Texts[99].Text)
	}
}

func TestNetworkForgetsQuietPhones(t *testing.T) {
	n := sim.NewNetwork()
	g := connect(t, n, sim.Config{})
	number := func(i int) string { return fmt.Sprintf("+1555%07d", i) }
	send(t, g, number(0), "first")
	for i := range 10_000 {
		send(t, g, number(i+1), "text")
	}
	if got := n.Inbox(number(0)); got.Total != 0 {
		t.Errorf("the first phone still has %q", texts(got))
	}
	if got := n.Inbox(number(1)); got.Total != 1 {
		t.Errorf("the second phone has %d texts", got.Total)
	}
}

func TestWait(t *testing.T) {
	n := sim.NewNetwork()
	g := connect(t, n, sim.Config{})
	send(t, g, phone, "one")
	go func() {
		for _, text := range []string{"two", "three"} {
			d := smsengine.Delivery{Message: message(t, phone, text, 0)}
			if _, err := g.Send(context.Background(), d); err != nil {
				t.Error(err)
			}
		}
	}()
	in, err := n.Wait(t.Context(), "+1 (555) 555-0123", 3)
	if got := texts(in); err != nil || !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("the phone has %q, %v", got, err)
	}

	over, cancel := context.WithCancel(t.Context())
	cancel()
	in, err = n.Wait(over, phone, 4)
	if !errors.Is(err, context.Canceled) || in.Total != 3 {
		t.Errorf("waiting in vain gives %d texts, %v", in.Total, err)
	}
}

func TestSameSeedSameLuck(t *testing.T) {
	c := sim.Config{
		Seed: 42, Duplicates: 0.2,
		Fail: []sim.Trouble{{"*", "temporary", 0.2}, {"*", "uncertain", 0.3}, {"*", sim.Undelivered, 0.1}},
	}
	run := func(seed int64) string {
		c.Seed = seed
		n := sim.NewNetwork()
		g := connect(t, n, c)
		var log strings.Builder
		for i := range 200 {
			d := smsengine.Delivery{Message: message(t, phone, fmt.Sprint("text ", i), 0)}
			_, err := g.Send(t.Context(), d)
			fmt.Fprintln(&log, smsengine.StatusOf(err).Class, n.Inbox(phone).Total)
		}
		return log.String()
	}
	first := run(42)
	if run(42) != first {
		t.Error("the same seed had other luck")
	}
	if run(43) == first {
		t.Error("another seed had the same luck")
	}
	for _, class := range []string{"ok", "temporary", "uncertain"} {
		if !strings.Contains(first, class) {
			t.Errorf("in 200 texts nothing was %s", class)
		}
	}
}

func TestEarlyReceiptComesFirst(t *testing.T) {
	n, s := sim.NewNetwork(), gatewaytest.NewSink()
	g := connect(t, n, sim.Config{Receipts: true, ReceiptDelay: sim.Duration(time.Hour), EarlyReceipts: 1})
	send(t, g, phone, "nobody listens yet: this must not wait")
	listen(t, g, s)
	awaitReports(t, s, 1)
	taking := send(t, g, phone, "hello")[0]
	if got := s.Reports(); len(got) != 2 || got[1].Reference != taking.Reference {
		t.Errorf("when Send returned, the reports were %+v", got)
	}
}

func TestInboxShowsReceipts(t *testing.T) {
	n, s := sim.NewNetwork(), gatewaytest.NewSink()
	g := connect(t, n, sim.Config{Receipts: true})
	send(t, g, phone, "hello")
	if got := n.Inbox(phone).Texts[0].Parts[0].Receipt; got != sim.ReceiptWaiting {
		t.Errorf("before anybody listens the receipt is %q", got)
	}
	stop := listen(t, g, s)
	awaitReports(t, s, 1)
	stop()
	if got := n.Inbox(phone).Texts[0].Parts[0].Receipt; got != sim.ReceiptReported {
		t.Errorf("after it was taken the receipt is %q", got)
	}
}

// Refusals and receipts say why in the network's own codes, as on a modem.
func TestNetworkSaysWhy(t *testing.T) {
	n, s := sim.NewNetwork(), gatewaytest.NewSink()
	g := connect(t, n, sim.Config{Receipts: true, Fail: []sim.Trouble{
		{Number: "*1", Kind: "temporary", Share: 1}, {Number: "*2", Kind: "permanent", Share: 1}, {Number: "*3", Kind: sim.Undelivered, Share: 1},
	}})
	listen(t, g, s)
	for number, want := range map[string]smsengine.Status{
		"+15555550001": {Class: smsengine.Temporary, Code: "4.4.5", Text: "the phone network is busy", Diagnostic: "RP-Cause 42 (congestion)"},
		"+15555550002": {Class: smsengine.Permanent, Code: "5.1.1", Text: "the phone network knows no such number", Diagnostic: "RP-Cause 1 (unassigned number)"},
	} {
		_, err := g.Send(t.Context(), smsengine.Delivery{Message: message(t, number, "hello", 0)})
		if got := smsengine.StatusOf(err); got != want {
			t.Errorf("to %s: %+v", number, got)
		}
	}
	send(t, g, "+15555550003", "hello")
	send(t, g, phone[:len(phone)-1]+"9", "hello")
	awaitReports(t, s, 2)
	for _, rep := range s.Reports() {
		want := smsengine.Status{Code: "2.1.5", Text: "the phone has it"}
		if rep.Final == smsengine.PartFailed {
			want = smsengine.Status{
				Class: smsengine.Permanent, Code: "5.4.7", Text: "the phone network gave up: the phone could not be reached in time",
				Diagnostic: "TP-Status 0x46 (validity period expired)",
			}
		}
		if rep.Status != want {
			t.Errorf("%s: %+v", rep.Number.Value, rep.Status)
		}
	}
	for ours, theirs := range map[sms.Class]smsengine.Class{
		sms.OK: smsengine.OK, sms.Temporary: smsengine.Temporary, sms.Permanent: smsengine.Permanent, sms.Uncertain: smsengine.Uncertain,
	} {
		if smsengine.Class(ours) != theirs {
			t.Errorf("class %d is not the engine's %v", ours, theirs)
		}
	}
}

func TestReferencesWrap(t *testing.T) {
	g := connect(t, sim.NewNetwork(), sim.Config{References: 3})
	var refs []string
	for range 5 {
		refs = append(refs, send(t, g, phone, "hello")[0].Reference)
	}
	if !slices.Equal(refs, []string{"1", "2", "0", "1", "2"}) {
		t.Errorf("references are %q", refs)
	}
}

func TestLongTextFromPhoneInDisorder(t *testing.T) {
	n, s := sim.NewNetwork(), gatewaytest.NewSink()
	g := connect(t, n, sim.Config{Reorder: 1, Duplicates: 1, Seed: 3})
	listen(t, g, s)
	if err := n.Send(t.Context(), phone, ours, longText); err != nil {
		t.Fatal(err)
	}
	parts := s.Parts()
	var order []int
	var received []sms.Received
	for _, p := range parts {
		order = append(order, p.Seq)
		received = append(received, sms.Received{Seq: p.Seq, Total: p.Total, Text: p.Text})
	}
	if len(parts) != 2*parts[0].Total || slices.IsSorted(order) {
		t.Errorf("parts came as %v of %d", order, parts[0].Total)
	}
	if text, missing := sms.Join(received); text != longText || missing != nil {
		t.Errorf("joined they say %q, without %v", text, missing)
	}
}

func TestSendFromPhoneWaitsUntilTaken(t *testing.T) {
	n, s := sim.NewNetwork(), gatewaytest.NewSink()
	g := connect(t, n, sim.Config{})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Send(over, phone, ours, "hello"); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody listens, and Send says %v", err)
	}
	listen(t, g, s)
	if err := n.Send(t.Context(), phone, ours, "again"); err != nil {
		t.Fatal(err)
	}
	if got := len(s.Parts()); got != 2 {
		t.Errorf("%d texts were taken", got)
	}
}

func TestNetworkRefuses(t *testing.T) {
	n := sim.NewNetwork()
	connect(t, n, sim.Config{})
	if _, err := sim.New("second", ours, sim.Config{}, n); err == nil || !strings.Contains(err.Error(), "sim and second") {
		t.Errorf("two gateways with one number: %v", err)
	}
	if _, err := sim.New("third", "", sim.Config{}, n); err == nil {
		t.Error("a gateway without a number was connected")
	}
	for _, c := range []struct{ from, to, want string }{
		{phone, "+15555559999", "no simulated gateway has the number"},
		{" ", ours, "a phone that it is from"},
	} {
		if _, err := n.Post(c.from, c.to, "hello"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("from %q to %q: %v", c.from, c.to, err)
		}
	}
	if _, err := n.Post(phone, ours, strings.Repeat("x", 300*153)); err == nil {
		t.Error("a text of 300 parts was taken")
	}
}

// A phone that sends without end is refused at some time, and what was promised
// is kept.
func TestNetworkKeepsWhatItPromised(t *testing.T) {
	n, s := sim.NewNetwork(), gatewaytest.NewSink()
	g := connect(t, n, sim.Config{})
	kept := 0
	for ; ; kept++ {
		if _, err := n.Post(phone, ours, fmt.Sprint("text ", kept)); err != nil {
			break
		}
	}
	stop := listen(t, g, s)
	err := s.Wait(t.Context(), func(parts []smsengine.IncomingPart, _ []smsengine.ReceiptReport) bool {
		return len(parts) == kept
	})
	stop()
	if got := s.Parts(); err != nil || got[len(got)-1].Text != fmt.Sprint("text ", kept-1) {
		t.Errorf("of %d texts %d came: %v", kept, len(got), err)
	}
}

func TestListenOnce(t *testing.T) {
	g := connect(t, sim.NewNetwork(), sim.Config{Receipts: true})
	s := gatewaytest.NewSink()
	listen(t, g, s)
	send(t, g, phone, "hello")
	awaitReports(t, s, 1)
	if err := g.Listen(t.Context(), s); err == nil {
		t.Error("two listen at a time")
	}
}

func BenchmarkSend(b *testing.B) {
	g, err := sim.New("sim", ours, sim.Config{}, sim.NewNetwork())
	if err != nil {
		b.Fatal(err)
	}
	d := smsengine.Delivery{Message: message(b, phone, "hello", 0)}
	b.ReportAllocs()
	b.SetParallelism(25)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := g.Send(context.Background(), d); err != nil {
				b.Fatal(err)
			}
		}
	})
}
