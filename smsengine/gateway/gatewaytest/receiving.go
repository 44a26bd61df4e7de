package gatewaytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

var receiving = []check{
	{"hears a text", canPost, hearsText},
	{"hears a long text", canPost, hearsLongText},
	{"tells two equal texts apart", canPost, tellsApart},
	{"stops when its context ends", listens, stops},
	{"keeps a part until it is taken", canPost, keepsUntilTaken},
	{"keeps a part that was being taken when it stopped", canPost, keepsWhenStopped},
	{"loses nothing between two Listens", canPost, losesNothing},
	{"reports on what it sent", reports, reportsDelivered},
	{"keeps a report until it is taken", reports, keepsReport},
	{"reports what did not arrive", reportsFailures, reportsFailed},
	{"sends while it listens", canPost, sendsAndListens},
}

func listens(f Fixture) bool {
	_, ok := f.Gateway.(smsengine.Receiver)
	return ok
}
func canPost(f Fixture) bool         { return listens(f) && f.Post != nil }
func reports(f Fixture) bool         { return listens(f) && f.Receipts }
func reportsFailures(f Fixture) bool { return reports(f) && f.Undeliverable != "" }

// await waits until the Sink's taken parts, each counted once, fulfil a
// condition, and gives them.
func await(ctx context.Context, t *testing.T, s *Sink, what string, cond func([]smsengine.IncomingPart) bool) []smsengine.IncomingPart {
	t.Helper()
	if err := s.wait(ctx, func() bool { return cond(once(s.parts)) }); err != nil {
		t.Fatalf("%s: %v; there are %+v", what, err, s.Parts())
	}
	return once(s.Parts())
}

// once leaves out the parts that came again: those with a name that was there.
func once(parts []smsengine.IncomingPart) []smsengine.IncomingPart {
	var out []smsengine.IncomingPart
	seen := map[string]bool{}
	for _, p := range parts {
		if p.Dedupe == "" || !seen[p.Dedupe] {
			out = append(out, p)
		}
		seen[p.Dedupe] = true
	}
	return out
}

func atLeast(n int) func([]smsengine.IncomingPart) bool {
	return func(ps []smsengine.IncomingPart) bool { return len(ps) >= n }
}

func hearsText(ctx context.Context, t *testing.T, f Fixture) {
	s, from := NewSink(), phone()
	f.listen(ctx, t, s)
	f.Post(from, "Grüße, 10 €")
	got := await(ctx, t, s, "a text", atLeast(1))[0]
	if got.From != smsengine.Phone(from) || got.To != smsengine.Phone(f.Number) {
		t.Errorf("it is from %q to %q", got.From, got.To)
	}
	if got.Text != "Grüße, 10 €" || got.Total > 1 {
		t.Errorf("it says %q in %d parts", got.Text, got.Total)
	}
	if got.Gateway != "" && got.Gateway != f.ID {
		t.Errorf("it names the gateway %q", got.Gateway)
	}
}

func hearsLongText(ctx context.Context, t *testing.T, f Fixture) {
	s, from := NewSink(), phone()
	f.listen(ctx, t, s)
	want := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 10)
	f.Post(from, want)
	parts := await(ctx, t, s, "all parts", func(ps []smsengine.IncomingPart) bool {
		return len(ps) > 0 && len(ps) >= ps[0].Total
	})
	slices.SortFunc(parts, func(a, b smsengine.IncomingPart) int { return a.Seq - b.Seq })
	var joined strings.Builder
	for i, p := range parts {
		if p.Ref != parts[0].Ref || p.Total != len(parts) || len(parts) > 1 && p.Seq != i+1 {
			t.Errorf("part %d has reference %d, number %d of %d", i+1, p.Ref, p.Seq, p.Total)
		}
		joined.WriteString(p.Text)
	}
	if joined.String() != want {
		t.Errorf("joined it says %q", joined.String())
	}
}

func tellsApart(ctx context.Context, t *testing.T, f Fixture) {
	s, from := NewSink(), phone()
	f.listen(ctx, t, s)
	f.Post(from, "yes")
	f.Post(from, "yes")
	ps := await(ctx, t, s, "both texts", atLeast(2))
	if ps[0].Dedupe != "" && ps[0].Dedupe == ps[1].Dedupe {
		t.Errorf("both are called %q", ps[0].Dedupe)
	}
}

func stops(ctx context.Context, t *testing.T, f Fixture) {
	for range 3 {
		f.listen(ctx, t, NewSink())()
	}
}

// sameAgain checks that what was refused came again under its name and as it
// was.
func sameAgain(t *testing.T, refused, taken []smsengine.IncomingPart) {
	t.Helper()
	for _, r := range refused {
		if !slices.ContainsFunc(taken, func(p smsengine.IncomingPart) bool {
			return p.Dedupe == r.Dedupe && p.Text == r.Text && p.From == r.From && p.Seq == r.Seq && p.Sent.Equal(r.Sent)
		}) {
			t.Errorf("refused and not offered again as it was: %+v", r)
		}
	}
}

func keepsUntilTaken(ctx context.Context, t *testing.T, f Fixture) {
	s, from := NewSink(), phone()
	s.Refuse(5)
	f.listen(ctx, t, s)
	f.Post(from, "once")
	f.Post(from, "twice")
	ps := await(ctx, t, s, "what was refused", atLeast(2))
	if n := len(s.Refused()); n != 5 {
		t.Errorf("it was refused %d times of 5", n)
	}
	sameAgain(t, s.Refused(), ps)
	if all := s.Parts(); !f.Repeats && len(all) != len(ps) {
		t.Errorf("a part that was taken came again: %+v", all)
	}
}

func keepsWhenStopped(ctx context.Context, t *testing.T, f Fixture) {
	first, from := NewSink(), phone()
	first.Hold()
	stop := f.listen(ctx, t, first)
	f.Post(from, "under way")
	if err := first.wait(ctx, func() bool { return first.under > 0 }); err != nil {
		t.Fatalf("the text was not offered: %v", err)
	}
	stop()
	if ps := first.Parts(); len(ps) != 0 {
		t.Fatalf("the sink took %+v", ps)
	}
	second := NewSink()
	f.listen(ctx, t, second)
	sameAgain(t, first.Refused(), await(ctx, t, second, "the text again", atLeast(1)))
}

func losesNothing(ctx context.Context, t *testing.T, f Fixture) {
	want := map[string]bool{}
	have := map[string]bool{}
	from := phone()
	for round := range 5 {
		s := NewSink()
		s.Refuse(2)
		for i := range 4 {
			text := fmt.Sprintf("round %d text %d", round, i)
			want[text] = true
			f.Post(from, text)
		}
		stop := f.listen(ctx, t, s)
		last := round == 4
		await(ctx, t, s, "texts", func(ps []smsengine.IncomingPart) bool {
			got := len(have)
			for _, p := range ps {
				if !have[p.Text] {
					got++
				}
			}
			return got == len(want) || !last && len(ps) > 0
		})
		stop()
		for _, p := range s.Parts() {
			have[p.Text] = true
		}
	}
	for text := range want {
		if !have[text] {
			t.Errorf("%q is lost", text)
		}
	}
}

// awaitReports waits for a final report on each reference.
func awaitReports(ctx context.Context, t *testing.T, s *Sink, sent map[string]string) {
	t.Helper()
	if err := s.wait(ctx, func() bool {
		missing := len(sent)
		for ref := range sent {
			if slices.ContainsFunc(s.reports, func(r smsengine.ReceiptReport) bool { return r.Reference == ref && r.Final != "" }) {
				missing--
			}
		}
		return missing == 0
	}); err != nil {
		t.Fatalf("final reports on %v: %v; there are %+v", sent, err, s.Reports())
	}
}

func reportsDelivered(ctx context.Context, t *testing.T, f Fixture) {
	s := NewSink()
	f.listen(ctx, t, s)
	sent := map[string]string{} // reference → number
	for i := range 20 {
		to := phone()
		taking := f.send(ctx, t, f.text(to, fmt.Sprint("text ", i)))
		if taking.Reference == "" || !taking.Receipts || sent[taking.Reference] != "" {
			t.Fatalf("with receipts, Send gives each part a reference of its own: %+v", taking)
		}
		sent[taking.Reference] = to
	}
	awaitReports(ctx, t, s, sent)
	for _, r := range s.Reports() {
		to, ours := sent[r.Reference]
		switch {
		case !ours:
			t.Errorf("it reports on %q, which it never sent", r.Reference)
		case r.Final != "" && r.Final != smsengine.PartDelivered:
			t.Errorf("the phone has it, and the report says %q", r.Final)
		case !r.Number.IsZero() && r.Number != smsengine.Phone(to):
			t.Errorf("it was sent to %s, and the report is about %s", to, r.Number)
		case r.Gateway != "" && r.Gateway != f.ID:
			t.Errorf("it names the gateway %q", r.Gateway)
		}
	}
}

func keepsReport(ctx context.Context, t *testing.T, f Fixture) {
	s, to := NewSink(), phone()
	s.Refuse(3)
	f.listen(ctx, t, s)
	taking := f.send(ctx, t, f.text(to, "text"))
	awaitReports(ctx, t, s, map[string]string{taking.Reference: to})
}

func reportsFailed(ctx context.Context, t *testing.T, f Fixture) {
	s := NewSink()
	f.listen(ctx, t, s)
	taking := f.send(ctx, t, f.text(f.Undeliverable, "nobody there"))
	awaitReports(ctx, t, s, map[string]string{taking.Reference: f.Undeliverable})
	for _, r := range s.Reports() {
		if r.Final != "" && r.Final != smsengine.PartFailed {
			t.Errorf("it did not arrive, and the report says %q", r.Final)
		}
		if r.Final == smsengine.PartFailed && (r.Status.Class != smsengine.Permanent || r.Status.Text == "") {
			t.Errorf("the report does not say why: %+v", r.Status)
		}
	}
}

// sendsAndListens does everything at once, for the race detector.
func sendsAndListens(ctx context.Context, t *testing.T, f Fixture) {
	s := NewSink()
	f.listen(ctx, t, s)
	var all sync.WaitGroup
	const people, each = 10, 10
	for range people {
		number := phone()
		all.Go(func() {
			for i := range each {
				f.Post(number, fmt.Sprint("question ", i))
				if _, err := f.Gateway.Send(ctx, f.text(number, fmt.Sprint("answer ", i))); err != nil {
					t.Errorf("Send: %v", err)
				}
			}
		})
	}
	all.Wait()
	await(ctx, t, s, "all texts", atLeast(people*each))
}
