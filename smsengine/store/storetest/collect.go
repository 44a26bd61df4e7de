package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var collectCases = map[string]func(*bed){
	"any order, and twice":                   collectAnyOrder,
	"a text of one part":                     collectSingle,
	"texts that look alike":                  collectApart,
	"a reference that comes again":           collectReused,
	"a part that comes too late":             collectLate,
	"parts that come too late":               collectLateMore,
	"binary texts that look alike":           collectBinary,
	"a reference used twice at once":         collectClash,
	"the gateway's own names for deliveries": collectDedupe,
	"parts that cannot be":                   collectImpossible,
	"parts that come at the same moment":     collectTogether,
	"survives a stop":                        collectSurvives,
	"what waits to be made into messages":    collectUnconsumed,
}

// sms is a part from a phone, received so many seconds after the start.
func sms(seq, total, ref int) smsengine.IncomingPart {
	return smsengine.IncomingPart{
		Gateway: "sim", From: phone, To: ours, Text: fmt.Sprintf("part %d of %d, ", seq, total),
		Ref: ref, Seq: seq, Total: total, Sent: start.Add(-time.Second), Received: start.Add(time.Duration(seq) * time.Second),
	}
}

func (b *bed) collect(seq, total, ref int) smsengine.PartSet {
	b.Helper()
	return b.collectPart(sms(seq, total, ref))
}

func (b *bed) collectPart(in smsengine.IncomingPart) smsengine.PartSet {
	b.Helper()
	set, err := b.store.Collect(b.ctx(), in)
	if err != nil || set.ID == "" {
		b.Fatalf("collect part %d of %d: set %q, %v", in.Seq, in.Total, set.ID, err)
	}
	return set
}

func (b *bed) consume(set smsengine.PartSet) {
	b.Helper()
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{b.incoming(set)}, Consumes: set.ID})
	if err != nil || as[0].Err != nil || as[0].Duplicate {
		b.Fatalf("consume: %+v, %v", as, err)
	}
}

func (b *bed) unconsumed(before time.Time) []smsengine.PartSet {
	b.Helper()
	sets, err := b.store.Unconsumed(b.ctx(), before)
	if err != nil {
		b.Fatalf("unconsumed: %v", err)
	}
	return sets
}

func seqs(set smsengine.PartSet) []int {
	var out []int
	for _, p := range set.Parts {
		out = append(out, p.Seq)
	}
	return out
}

func collectAnyOrder(b *bed) {
	first := b.collect(3, 3, 7)
	if first.Complete() || first.Consumed || first.Gateway != "sim" || first.From != phone || first.To != ours || first.Total != 3 {
		b.Errorf("the first part: %+v", first)
	}
	if got := first.Missing(); !slices.Equal(got, []int{1, 2}) {
		b.Errorf("missing %v, want 1 and 2", got)
	}
	if again := b.collect(3, 3, 7); again.ID != first.ID || len(again.Parts) != 1 {
		b.Errorf("the same part again: %+v", again)
	}
	b.collect(1, 3, 7)
	set := b.collect(2, 3, 7)
	if set.ID != first.ID || !set.Complete() || !slices.Equal(seqs(set), []int{1, 2, 3}) {
		b.Errorf("all parts: %+v", set)
	}
	for i, p := range set.Parts {
		if diff := differences(p, withDedupe(sms(i+1, 3, 7), p.Dedupe)); diff != "" {
			b.Errorf("part %d: %s", i+1, diff)
		}
	}
	if want := sms(3, 3, 7).Received; !set.First.Equal(want) {
		b.Errorf("first received at %v, want %v, when the first part that came was", set.First, want)
	}
}

func withDedupe(p smsengine.IncomingPart, name string) smsengine.IncomingPart {
	p.Dedupe = name
	return p
}

func collectSingle(b *bed) {
	one := b.collect(1, 1, 0)
	if !one.Complete() || len(one.Missing()) != 0 {
		b.Errorf("one part: %+v", one)
	}
	if again := b.collect(1, 1, 0); again.ID != one.ID {
		b.Errorf("the same text again is %s, want %s", again.ID, one.ID)
	}
	later := sms(1, 1, 0)
	later.Sent, later.Received = later.Sent.Add(time.Hour), later.Received.Add(time.Hour)
	if two := b.collectPart(later); two.ID == one.ID || len(two.Parts) != 1 {
		b.Errorf("the same words an hour later: %+v", two)
	}
	other := sms(1, 1, 0)
	other.Text = "other words"
	if two := b.collectPart(other); two.ID == one.ID || len(two.Parts) != 1 {
		b.Errorf("other words: %+v", two)
	}
}

// Two texts that differ in one thing each, their parts mixed.
func collectApart(b *bed) {
	for name, change := range map[string]func(*smsengine.IncomingPart){
		"reference":  func(p *smsengine.IncomingPart) { p.Ref = 8 },
		"phone":      func(p *smsengine.IncomingPart) { p.From = other },
		"our number": func(p *smsengine.IncomingPart) { p.To = smsengine.Phone("+15555550111") },
		"gateway":    func(p *smsengine.IncomingPart) { p.Gateway = "office" },
		"total":      func(p *smsengine.IncomingPart) { p.Total = 3 },
	} {
		changed := func(seq int) smsengine.IncomingPart {
			p := sms(seq, 2, 7)
			change(&p)
			return p
		}
		one, two := b.collect(1, 2, 7), b.collectPart(changed(2))
		if one.ID == two.ID || two.Complete() {
			b.Errorf("another %s: the part went to the same set: %+v", name, two)
		}
		one, two = b.collect(2, 2, 7), b.collectPart(changed(1))
		if one.ID == two.ID || !one.Complete() || len(two.Parts) != 2 {
			b.Errorf("another %s: %+v and %+v", name, one, two)
		}
	}
}

func collectReused(b *bed) {
	b.collect(1, 2, 7)
	old := b.collect(2, 2, 7)
	b.consume(old)
	if set := b.collect(2, 2, 7); set.ID != old.ID || !set.Consumed || len(set.Parts) != 2 {
		b.Errorf("an old part again: %+v, want the consumed set", set)
	}
	p := sms(1, 2, 7)
	p.Sent, p.Received, p.Text = p.Sent.Add(time.Hour), p.Received.Add(time.Hour), "later"
	set := b.collectPart(p)
	if set.ID == old.ID || set.Consumed || len(set.Parts) != 1 {
		b.Errorf("a new part with a reference used before: %+v, want a new set", set)
	}
	p.Seq = 2
	if set := b.collectPart(p); !set.Complete() {
		b.Errorf("its second part: %+v", set)
	}
}

// A text was delivered without a part of it. When that comes, it is not put
// where nobody looks any more.
func collectLate(b *bed) {
	old := b.collect(1, 2, 7)
	b.consume(old)
	set := b.collect(2, 2, 7)
	if set.ID == old.ID || set.Consumed || len(set.Parts) != 1 {
		b.Errorf("a part that came late: %+v, want a new set", set)
	}
	if sets := b.unconsumed(start.Add(time.Hour)); len(sets) != 1 || sets[0].ID != set.ID {
		b.Errorf("%+v wait, want the part that came late", sets)
	}
}

// Of three parts two come too late: they are one text again, which is known to
// lack the first.
func collectLateMore(b *bed) {
	b.consume(b.collect(1, 3, 7))
	b.collect(3, 3, 7)
	set := b.collect(2, 3, 7)
	if set.Consumed || set.Complete() || !slices.Equal(seqs(set), []int{2, 3}) || !slices.Equal(set.Missing(), []int{1}) {
		b.Errorf("what came late: %+v", set)
	}
	b.consume(set)
	if again := b.collect(2, 3, 7); again.ID != set.ID || !again.Consumed {
		b.Errorf("it came again: %+v", again)
	}
	if sets := b.unconsumed(start.Add(time.Hour)); len(sets) != 0 {
		b.Errorf("%+v wait", sets)
	}
}

// Binary messages have no text to tell them apart by.
func collectBinary(b *bed) {
	binary := func(data, udh string) smsengine.IncomingPart {
		p := sms(1, 1, 0)
		p.Text, p.Data, p.UDH = "", []byte(data), []byte(udh)
		return p
	}
	ids := map[string]bool{}
	for _, p := range []smsengine.IncomingPart{binary("a", ""), binary("b", ""), binary("a", "b"), binary("", "ab"), binary("a", "")} {
		ids[b.collectPart(p).ID] = true
	}
	if len(ids) != 4 {
		b.Errorf("%d sets of four messages, one of which came twice", len(ids))
	}
}

// A part that differs from the one that is there belongs to another text: none
// of the two is thrown away.
func collectClash(b *bed) {
	one := b.collect(1, 2, 7)
	p := sms(1, 2, 7)
	p.Text, p.Sent = "another first part", p.Sent.Add(time.Minute)
	two := b.collectPart(p)
	if two.ID == one.ID || len(two.Parts) != 1 || two.Parts[0].Text != p.Text {
		b.Errorf("another first part: %+v", two)
	}
	if one := b.collect(1, 2, 7); len(one.Parts) != 1 || one.Parts[0].Text == p.Text {
		b.Errorf("the first was changed: %+v", one)
	}
}

func collectDedupe(b *bed) {
	p := withDedupe(sms(1, 1, 0), "id-1")
	one := b.collectPart(p)
	p.Text, p.Received = "said otherwise", p.Received.Add(time.Hour)
	if again := b.collectPart(p); again.ID != one.ID || again.Parts[0].Text != one.Parts[0].Text {
		b.Errorf("the same delivery: %+v, want set %s", again, one.ID)
	}
	p.Gateway = "office"
	if two := b.collectPart(p); two.ID == one.ID {
		b.Error("the same name of another gateway is the same part")
	}
	p.Gateway, p.Dedupe = "sim", "id-2"
	if two := b.collectPart(p); two.ID == one.ID {
		b.Error("another delivery is the same part")
	}
}

func collectImpossible(b *bed) {
	for _, p := range []smsengine.IncomingPart{sms(0, 1, 0), sms(2, 1, 0), sms(-1, 3, 0), sms(1, 0, 0), sms(0, 0, 0)} {
		if set, err := b.store.Collect(b.ctx(), p); err == nil {
			b.Errorf("part %d of %d was stored: %+v", p.Seq, p.Total, set)
		}
	}
	if sets := b.unconsumed(start.Add(time.Hour)); len(sets) != 0 {
		b.Errorf("left behind: %+v", sets)
	}
}

func collectTogether(b *bed) {
	ids := map[string]bool{}
	complete := 0
	var mu sync.Mutex
	together(20, func(i int) { // five parts, each four times
		set, err := b.store.Collect(b.ctx(), sms(1+i%5, 5, 7))
		if err != nil {
			b.Errorf("collect: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		ids[set.ID] = true
		if set.Complete() {
			complete++
		}
	})
	if len(ids) != 1 || complete == 0 {
		b.Errorf("%d sets, complete for %d callers", len(ids), complete)
	}
}

func collectSurvives(b *bed) {
	one := b.collect(2, 3, 7)
	b.reopen()
	if again := b.collect(2, 3, 7); again.ID != one.ID || len(again.Parts) != 1 {
		b.Errorf("the same part after a stop: %+v", again)
	}
	b.collect(3, 3, 7)
	b.reopen()
	set := b.collect(1, 3, 7)
	if set.ID != one.ID || !slices.Equal(seqs(set), []int{1, 2, 3}) {
		b.Errorf("all parts: %+v", set)
	}
	b.reopen()
	sets := b.unconsumed(start.Add(-time.Hour))
	if len(sets) != 1 || differences(sets[0], set) != "" {
		b.Errorf("after a stop %+v wait, want %+v", sets, set)
	}
}

func collectUnconsumed(b *bed) {
	old := b.collect(1, 3, 1)
	p := sms(1, 3, 2)
	p.Received = start.Add(time.Hour)
	fresh := b.collectPart(p)
	whole := sms(1, 1, 3)
	whole.Received = start.Add(2 * time.Hour)
	done := b.collectPart(whole)
	used := b.collect(1, 1, 4)
	b.consume(used)
	for _, c := range []struct {
		before time.Time
		want   []string
	}{
		{start.Add(-time.Hour), []string{done.ID}},
		{start.Add(time.Minute), []string{old.ID, done.ID}},
		{start.Add(2 * time.Hour), []string{old.ID, fresh.ID, done.ID}},
	} {
		var got []string
		for _, set := range b.unconsumed(c.before) {
			got = append(got, set.ID)
		}
		if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(c.want))) {
			b.Errorf("before %v: %v wait, want %v", c.before, got, c.want)
		}
	}
}
