package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var answerCases = map[string]func(*bed){
	"STOP and START":                   answerStops,
	"STOP and START of administrators": answerStopByHand,
	"effects come with what is new":    answerEffects,
	"a set used up for its effects":    answerConsumes,
	"a conflict is remembered":         answerConflict,
	"a text that was dropped is known": answerDroppedAgain,
}

// stop is a STOP of the bed's phone to a number of ours.
func stop(ours smsengine.Address) smsengine.Suppress {
	return smsengine.Suppress{Ours: ours, Theirs: phone, Since: start}
}

func (b *bed) unstop(ours smsengine.Address) {
	b.Helper()
	if err := b.store.Suppress(b.ctx(), smsengine.Suppress{Ours: ours, Theirs: phone}); err != nil {
		b.Fatal(err)
	}
}

// effect stores effects alone.
func (b *bed) effect(fs ...smsengine.Effect) {
	b.Helper()
	if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Effects: fs}); err != nil {
		b.Fatal(err)
	}
}

func (b *bed) suppressions() []smsengine.Suppress {
	b.Helper()
	all, err := b.store.Suppressions(b.ctx())
	if err != nil {
		b.Fatal(err)
	}
	return all
}

func (b *bed) wantStopped(theirs smsengine.Address, want ...smsengine.Address) {
	b.Helper()
	got, err := b.store.Suppressed(b.ctx(), theirs)
	if err != nil || !slices.Equal(slices.SortedFunc(slices.Values(got), addresses), slices.SortedFunc(slices.Values(want), addresses)) {
		b.Errorf("%s said STOP to %v, want %v (%v)", theirs, got, want, err)
	}
}

func (b *bed) queued() int {
	b.Helper()
	c, err := b.store.Counts(b.ctx())
	if err != nil {
		b.Fatal(err)
	}
	return c[smsengine.Text][smsengine.Ready]
}

func answerStops(b *bed) {
	b.wantStopped(phone)
	spare := smsengine.Phone("+15555550111")
	b.effect(stop(ours), stop(spare), smsengine.Suppress{Ours: ours, Theirs: other, Since: start.Add(time.Hour)})
	b.wantStopped(phone, ours, spare)
	b.wantStopped(other, ours)
	again := stop(ours)
	again.Since = start.Add(2 * time.Hour)
	b.effect(again, smsengine.Suppress{Ours: spare, Theirs: phone})
	b.reopen()
	b.wantStopped(phone, ours)
	want := []smsengine.Suppress{{Ours: ours, Theirs: other, Since: start.Add(time.Hour)}, stop(ours)}
	if got := b.suppressions(); !slices.Equal(got, want) {
		b.Errorf("%+v, want the last first, and since the first STOP: %+v", got, want)
	}
	b.effect(smsengine.Suppress{Ours: ours, Theirs: phone}, smsengine.Suppress{Ours: ours, Theirs: phone})
	b.wantStopped(phone)
	// Gateways without a number of their own have the zero address in common.
	b.effect(stop(smsengine.Address{}))
	b.wantStopped(phone, smsengine.Address{})
}

func answerStopByHand(b *bed) {
	if err := b.store.Suppress(b.ctx(), stop(ours)); err != nil {
		b.Fatal(err)
	}
	if err := b.store.Suppress(b.ctx(), stop(ours)); err != nil {
		b.Errorf("twice: %v", err)
	}
	b.wantStopped(phone, ours)
	b.unstop(ours)
	b.wantStopped(phone)
	if err := b.store.Suppress(b.ctx(), smsengine.Suppress{Ours: ours, Theirs: phone}); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("an end of what was not: %v", err)
	}
}

func answerEffects(b *bed) {
	b.accept(b.text(key("same")), b.text(paidBy("john", 2)))
	for _, c := range []struct {
		name string
		m    smsengine.Message
		kept bool
	}{
		{"a known text", b.text(key("same")), false},
		{"a text over a limit", b.text(paidBy("john", 1)), false},
		{"a new text", b.text(), true},
	} {
		if _, err := b.store.Accept(b.ctx(), smsengine.Intake{
			Source: source(), Messages: []smsengine.Message{c.m}, Limits: monthly("john", 2), Effects: []smsengine.Effect{stop(ours)},
		}); err != nil {
			b.Fatal(err)
		}
		if kept := len(b.suppressions()) > 0; kept != c.kept {
			b.Errorf("%s: its effect is stored: %v", c.name, kept)
		}
	}
	if _, err := b.store.Accept(b.ctx(), smsengine.Intake{
		Source: source(), Messages: []smsengine.Message{b.text(key("beside"))}, Effects: []smsengine.Effect{nil},
	}); err == nil {
		b.Error("an unknown effect was stored")
	}
	if as := b.accept(b.text(key("beside"))); as[0].ID == "" {
		b.Error("the text beside an unknown effect was stored without it")
	}
}

func answerConsumes(b *bed) {
	set := b.collect(1, 1, 7)
	in := smsengine.Intake{Source: source(), Consumes: set.ID, Effects: []smsengine.Effect{stop(ours)}}
	for range 2 {
		if _, err := b.store.Accept(b.ctx(), in); err != nil {
			b.Fatal(err)
		}
		if len(b.unconsumed(start.Add(time.Hour))) != 0 {
			b.Error("the set waits still")
		}
	}
	b.wantStopped(phone, ours)
	b.unstop(ours)
	if _, err := b.store.Accept(b.ctx(), in); err != nil {
		b.Fatal(err)
	}
	b.wantStopped(phone) // a set has its effects once
}

func answerConflict(b *bed) {
	want := func(ours smsengine.Address, want smsengine.Conflict) {
		b.Helper()
		got, err := b.store.Conflict(b.ctx(), ours, phone)
		if diff := differences(got, want); err != nil || diff != "" {
			b.Errorf("conflict of %v: %s (%v)", ours, diff, err)
		}
	}
	want(ours, smsengine.Conflict{})
	one := smsengine.Conflict{Message: "m1", Day: start, Told: 1}
	two := smsengine.Conflict{Message: "m2", Day: start.Add(time.Minute), Told: 3}
	b.effect(smsengine.KeepConflict{Ours: ours, Theirs: phone, Conflict: one}, smsengine.KeepConflict{Ours: other, Theirs: phone, Conflict: two})
	want(ours, one)
	want(other, two)
	b.effect(smsengine.KeepConflict{Ours: ours, Theirs: phone, Conflict: two})
	b.reopen()
	want(ours, two)
}

// Two callers make the same set into the same message, and a limit has it
// dropped: the second hears of no failure.
func answerDroppedAgain(b *bed) {
	set := b.collect(1, 1, 7)
	m := b.incoming(set)
	charged("#", hour, 2)(&m)
	in := smsengine.Intake{
		Source: source(), Messages: []smsengine.Message{m}, Consumes: set.ID,
		Limits: limit("#", hour, smsengine.Limit{Most: 1, Drop: "too many"}),
	}
	for range 2 {
		as, err := b.store.Accept(b.ctx(), in)
		if want := (smsengine.AcceptedMessage{Dropped: "too many"}); err != nil || as[0] != want {
			b.Errorf("%+v, %v, want %+v", as, err, want)
		}
	}
	b.wantUsed("#", hour, 2)
}
