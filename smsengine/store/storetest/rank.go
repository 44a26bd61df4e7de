package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var rankCases = map[string]func(*bed){
	"a worse group waits until the better is closed":    rankClosed,
	"a worse group helps who has waited long enough":    rankPatience,
	"tells when patience ends":                          rankNextDue,
	"a text that is to try goes to a closed gateway":    rankProbe,
	"what Accept begins obeys the ranks":                rankAccept,
	"what waits fails over and back without a change":   rankFailsOver,
	"a group shares by weight and by what is under way": rankShares,
	"routes stay as they are over a stop":               rankSurvives,
	"what is bound knows no ranks":                      rankBound,
}

// able are gateways that can send.
func able(gateways ...string) map[string]bool {
	all := map[string]bool{}
	for _, g := range gateways {
		all[g] = true
	}
	return all
}

// claimed claims and gives for whom, in order.
func (b *bed) claimed(c smsengine.Claim) string {
	b.Helper()
	c.Node, c.Until = node, c.Now.Add(time.Hour)
	ds, err := b.store.Claim(b.ctx(), c)
	if err != nil {
		b.Fatalf("claim: %v", err)
	}
	var got []string
	for _, d := range ds {
		got = append(got, d.Message.Gateway)
	}
	return strings.Join(got, " ")
}

func rankClosed(b *bed) {
	for range 4 {
		b.accept(b.text(ranked("cheap | fair | dear")))
	}
	dear := map[string]int{"dear": 1, "fair": 0}
	for _, x := range []struct {
		able map[string]bool
		want string
	}{
		{able("cheap", "fair", "dear"), ""},
		{able("fair", "dear"), ""}, // it waits for the better of those that can
		{able("dear"), "dear"},
		{able(), "dear"},
	} {
		if got := b.claimed(smsengine.Claim{Room: dear, Able: x.able, Now: start.Add(24 * time.Hour)}); got != x.want {
			b.Errorf("able are %v: claimed for %q, want %q", x.able, got, x.want)
		}
	}
}

func rankPatience(b *bed) {
	b.accept(b.text(ranked("a |1m b |1m c")), b.text(ranked("a |1m b |1m c"), next(30*time.Second)))
	all := able("a", "b", "c")
	for _, x := range []struct {
		after time.Duration
		room  map[string]int
		want  string
	}{
		{59 * time.Second, map[string]int{"b": 5, "c": 5}, ""},
		{61 * time.Second, map[string]int{"c": 5}, ""},
		{61 * time.Second, map[string]int{"b": 5, "c": 5}, "b"}, // the older one alone
		{149 * time.Second, map[string]int{"c": 5}, ""},
		{150 * time.Second, map[string]int{"c": 5}, "c"},
	} {
		if got := b.claimed(smsengine.Claim{Room: x.room, Able: all, Now: start.Add(x.after)}); got != x.want {
			b.Errorf("after %v, room %v: claimed for %q, want %q", x.after, x.room, got, x.want)
		}
	}
}

func rankNextDue(b *bed) {
	b.accept(b.text(ranked("a |1m b | c"), next(time.Hour)))
	for _, x := range []struct {
		free string
		able map[string]bool
		want time.Duration // -1: never
	}{
		{"a", able("a", "b"), time.Hour},
		{"b", able("a", "b"), time.Hour + time.Minute},
		{"b", able("b"), time.Hour},
		{"c", able("a", "b", "c"), -1},
		{"c", able("a", "c"), time.Hour + time.Minute},
		{"c", able("c"), time.Hour},
		{"b c", able("a", "b"), time.Hour + time.Minute},
		{"a", able(), time.Hour},
		{"d", able("a"), -1},
	} {
		room := map[string]int{}
		for _, g := range strings.Fields(x.free) {
			room[g] = 1
		}
		want := start.Add(x.want)
		if x.want < 0 {
			want = time.Time{}
		}
		if got, err := b.store.NextDue(b.ctx(), smsengine.Claim{Room: room, Able: x.able}); err != nil || !got.Equal(want) {
			b.Errorf("free %s, able %v: next due %v, want %v (%v)", x.free, x.able, got, want, err)
		}
	}
}

func rankProbe(b *bed) {
	b.accept(b.text(ranked("a | b")), b.text(ranked("a | b")))
	if got := b.claimed(smsengine.Claim{Room: map[string]int{"a": 1, "b": 1}, Able: able("b"), Now: start}); got != "a b" {
		b.Errorf("claimed for %q, want one that tries a, and one for b, which stands in", got)
	}
}

func rankAccept(b *bed) {
	begin := func(room map[string]int, able map[string]bool) string {
		ms := []smsengine.Message{b.text(ranked("a |1m b")), b.text(ranked("a |1m b"))}
		got, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: ms, Claim: smsengine.Claim{
			Node: node, Room: room, Able: able, Now: start, Until: start.Add(time.Hour),
		}})
		if err != nil {
			b.Fatal(err)
		}
		var begun []string
		for _, a := range got {
			if a.Delivery != nil {
				begun = append(begun, a.Delivery.Message.Gateway)
			}
		}
		return strings.Join(begun, " ")
	}
	if got := begin(map[string]int{"a": 1, "b": 1}, able("a", "b")); got != "a" {
		b.Errorf("begun for %q, want one for a, which the other waits for", got)
	}
	if got := begin(map[string]int{"b": 2}, able("b")); got != "b b" {
		b.Errorf("begun for %q, want both for b: a cannot send", got)
	}
}

// The rows of messages that wait are not touched while the gateway fails that
// they wait for.
func rankFailsOver(b *bed) {
	const messages = 200
	var ms []smsengine.Message
	for i := range messages {
		ms = append(ms, b.text(ranked("cheap | dear"), next(time.Duration(i)*time.Millisecond)))
	}
	ms = b.accept(ms...)
	later := start.Add(time.Minute)
	if got := b.claimed(smsengine.Claim{Room: map[string]int{"cheap": 2, "dear": 9}, Able: able("cheap", "dear"), Now: later}); got != "cheap cheap" {
		b.Errorf("both can send: claimed for %q", got)
	}
	if got := b.claimed(smsengine.Claim{Room: map[string]int{"dear": 3}, Able: able("dear"), Now: later}); got != "dear dear dear" {
		b.Errorf("cheap fails: claimed for %q", got)
	}
	if got := b.claimed(smsengine.Claim{Room: map[string]int{"cheap": 2, "dear": 9}, Able: able("cheap", "dear"), Now: later}); got != "cheap cheap" {
		b.Errorf("cheap is back: claimed for %q", got)
	}
	for _, m := range ms[7:] {
		if diff := differences(b.message(m.ID), m); diff != "" {
			b.Fatalf("a message that waits was changed: %s", diff)
		}
	}
}

func rankShares(b *bed) {
	more := func(n int) {
		for range n {
			b.accept(b.text(ranked("a b | c")))
		}
	}
	room, all := map[string]int{"a": 40, "b": 40, "c": 40}, able("a", "b", "c")
	count := func(shares map[string]smsengine.Share) string {
		got := strings.Fields(b.claimed(smsengine.Claim{Room: room, Able: all, Now: start, Shares: shares}))
		n := map[string]int{}
		for _, g := range got {
			n[g]++
		}
		return fmt.Sprint(n["a"], " ", n["b"], " ", n["c"])
	}
	more(8)
	if got := count(map[string]smsengine.Share{"a": {Weight: 3, UnderWay: 30}, "b": {Weight: 1}}); got != "0 8 0" {
		b.Errorf("a has more to do: %s", got)
	}
	more(32)
	if got := count(map[string]smsengine.Share{"a": {Weight: 3}, "b": {Weight: 1}}); got != "24 8 0" {
		b.Errorf("weights 3 and 1: %s, want 24 8 0", got)
	}
}

func rankSurvives(b *bed) {
	m := b.accept(b.text(ranked("a b |30s c | d")))[0]
	b.reopen()
	if got := b.message(m.ID).Route.String(); got != "a b |30s c | d" {
		b.Errorf("the route is %q after a stop", got)
	}
	if got := b.claimed(smsengine.Claim{Room: map[string]int{"c": 1, "d": 1}, Able: able("b", "c", "d"), Now: start.Add(30 * time.Second)}); got != "c" {
		b.Errorf("claimed for %q, want c", got)
	}
}

func rankBound(b *bed) {
	m := b.sending(parts(2), ranked("a | b"))
	b.record(taken(m, 0, "r0"), event(m, smsengine.Deferred))
	later := start.Add(time.Hour)
	if got := b.claimed(smsengine.Claim{Room: map[string]int{"b": 1}, Able: able("b"), Now: later}); got != "" {
		b.Errorf("a part left over a, and the rest goes over %s", got)
	}
	other := b.sending(parts(2), ranked("a | b"), func(m *smsengine.Message) { m.Route = slices.Clone(m.Route[1:]) })
	b.record(taken(other, 0, "r0"), event(other, smsengine.Deferred))
	if got := b.claimed(smsengine.Claim{Room: map[string]int{"a": 1, "b": 1}, Able: able("a", "b"), Now: later}); got != "a b" && got != "b a" {
		b.Errorf("claimed for %q, want each for its own", got)
	}
}
