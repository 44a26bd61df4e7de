package storetest

import (
	"slices"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var claimCases = map[string]func(*bed){
	"does what Apply says":                       claimApplies,
	"keeps to the room of each gateway":          claimRoom,
	"oldest first, and not before its time":      claimOrder,
	"the best gateway of the route with room":    claimRoute,
	"stays with the gateway once a part left":    claimBound,
	"a message is claimed once, concurrently":    claimTogether,
	"brings what the gateway needs":              claimDelivery,
	"what is not ready is not claimed":           claimNotReady,
	"survives a stop":                            claimSurvives,
	"tells when the next one is due":             claimNextDue,
	"tells when a bound one is due":              claimNextDueBound,
	"a message that waits for room is not lost":  claimNoStarving,
	"claims for several gateways are made apart": claimSeveral,
}

func claimApplies(b *bed) {
	m := b.accept(b.text(parts(2), paidBy("john", 2), route("a", "b")))[0]
	now, until := start.Add(time.Minute), start.Add(time.Hour)
	ds, err := b.store.Claim(b.ctx(), smsengine.Claim{Node: node, Room: map[string]int{"a": 1}, Now: now, Until: until})
	if err != nil || len(ds) != 1 {
		b.Fatalf("claim: %+v, %v", ds, err)
	}
	want, _, err := m.Apply(smsengine.Event{Kind: smsengine.Claimed, At: now, Gateway: "a", Node: node, Until: until}, now)
	if err != nil {
		b.Fatal(err)
	}
	if diff := differences(ds[0].Message, want); diff != "" {
		b.Errorf("claimed: %s", diff)
	}
	if diff := differences(b.message(m.ID), want); diff != "" {
		b.Errorf("stored: %s", diff)
	}
	es, err := b.store.Trace(b.ctx(), m.ID)
	if err != nil || len(es) != 2 {
		b.Fatalf("trace: %+v, %v", es, err)
	}
	claimed := smsengine.Event{Message: m.ID, Kind: smsengine.Claimed, At: now, Attempt: 1, Gateway: "a", Node: node, Until: until}
	if diff := differences(es[1], claimed); diff != "" {
		b.Errorf("event: %s", diff)
	}
}

func claimRoom(b *bed) {
	for range 5 {
		b.accept(b.text(route("a")), b.text(route("b")))
	}
	count := func(room map[string]int) map[string]int {
		n := map[string]int{}
		for _, d := range b.claimAt(start, room) {
			n[d.Message.Gateway]++
		}
		return n
	}
	for _, c := range []struct {
		room map[string]int
		a, b int
	}{
		{nil, 0, 0},
		{map[string]int{"a": 0, "c": 9}, 0, 0},
		{map[string]int{"a": -1}, 0, 0},
		{map[string]int{"a": 2, "b": 1}, 2, 1},
		{map[string]int{"b": 100}, 0, 4},
		{map[string]int{"a": 2}, 2, 0},
		{map[string]int{"a": 2, "b": 2}, 1, 0},
		{map[string]int{"a": 2, "b": 2}, 0, 0},
	} {
		if n := count(c.room); n["a"] != c.a || n["b"] != c.b || len(n) > 2 {
			b.Errorf("room %v: claimed %v, want %d for a and %d for b", c.room, n, c.a, c.b)
		}
	}
}

func claimOrder(b *bed) {
	var want []smsengine.MessageID
	for _, minutes := range []int{5, 1, 4, 2, 3} {
		b.accept(b.text(next(time.Duration(minutes) * time.Minute)))
	}
	ms, err := b.store.List(b.ctx(), smsengine.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	slices.SortFunc(ms, func(x, y smsengine.Message) int { return x.Next.Compare(y.Next) })
	for _, m := range ms {
		want = append(want, m.ID)
	}
	var got []smsengine.MessageID
	for _, c := range []struct{ minute, room, want int }{{0, 9, 0}, {2, 1, 1}, {2, 9, 1}, {9, 2, 2}, {9, 9, 1}} {
		ds := b.claimAt(start.Add(time.Duration(c.minute)*time.Minute), map[string]int{"sim": c.room})
		if len(ds) != c.want {
			b.Errorf("minute %d, room %d: %d claimed, want %d", c.minute, c.room, len(ds), c.want)
		}
		for _, d := range ds {
			got = append(got, d.Message.ID)
		}
	}
	if !slices.Equal(got, want) {
		b.Errorf("claimed in the order %v, want %v", got, want)
	}
}

func claimRoute(b *bed) {
	b.accept(b.text(route("a", "b")), b.text(route("a", "b")), b.text(route("b", "a")), b.text(route("a", "b", "c")))
	var got []string
	for _, d := range b.claimAt(start, map[string]int{"a": 1, "b": 5, "c": 5}) {
		got = append(got, d.Message.Gateway)
	}
	if slices.Sort(got); !slices.Equal(got, []string{"a", "b", "b", "b"}) {
		b.Errorf("claimed for %v, want one for a, which has one place, and the rest for b", got)
	}
}

func claimBound(b *bed) {
	m := b.accept(b.text(parts(2), route("a", "b")))[0]
	all := map[string]int{"a": 1, "b": 1}
	later := start.Add(time.Hour)
	one := b.claimAt(start, map[string]int{"b": 1})[0].Message
	b.record(event(one, smsengine.Deferred))
	two := b.claimAt(later, all)[0].Message
	if two.Gateway != "a" {
		b.Errorf("nothing left, and it went to %s, want a, the best", two.Gateway)
	}
	b.record(event(two, smsengine.Released))
	three := b.claimAt(later, map[string]int{"b": 1})[0].Message
	b.record(taken(three, 0, "r0"), event(three, smsengine.Deferred))
	if ds := b.claimAt(later, map[string]int{"a": 9}); len(ds) != 0 {
		b.Errorf("a part left over b, and the rest goes over %s", ds[0].Message.Gateway)
	}
	ds := b.claimAt(later, all)
	if len(ds) != 1 || ds[0].Message.Gateway != "b" || ds[0].Part != 1 {
		b.Fatalf("the rest: %+v, want part 1 over b", ds)
	}
	b.reopen()
	if diff := differences(b.message(m.ID), ds[0].Message); diff != "" {
		b.Errorf("after a stop: %s", diff)
	}
}

func claimTogether(b *bed) {
	const messages = 60
	for i := range messages / 4 {
		b.accept(b.text(route("a")), b.text(route("b")), b.text(route("a", "b")), b.text(route("b", "a"), next(time.Duration(i))))
	}
	var mu sync.Mutex
	times := map[smsengine.MessageID]int{}
	together(6, func(int) {
		for {
			ds, err := b.store.Claim(b.ctx(), smsengine.Claim{
				Node: node, Room: map[string]int{"a": 2, "b": 1}, Now: start.Add(time.Second), Until: start.Add(time.Hour),
			})
			if err != nil {
				b.Errorf("claim: %v", err)
			}
			if len(ds) == 0 {
				return
			}
			mu.Lock()
			for _, d := range ds {
				times[d.Message.ID]++
			}
			mu.Unlock()
		}
	})
	for id, n := range times {
		if n != 1 {
			b.Errorf("message %s was claimed %d times", id, n)
		}
	}
	if len(times) != messages {
		b.Errorf("%d of %d messages were claimed", len(times), messages)
	}
}

func claimDelivery(b *bed) {
	src := source()
	src.References, src.Original = []string{"0@example.org"}, []byte("Subject: hello\r\n\r\nhello\r\n")
	m := b.text(parts(3))
	if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: []smsengine.Message{m}}); err != nil {
		b.Fatal(err)
	}
	d := b.claim("sim", 1)[0]
	if d.Part != 0 || d.About != nil {
		b.Errorf("part %d, about %v; want the first part and no other message", d.Part, d.About)
	}
	again := event(d.Message, smsengine.Deferred)
	again.Until = start
	b.record(taken(d.Message, 0, "r0"), taken(d.Message, 1, "r1"), again)
	d = b.claim("sim", 1)[0]
	if d.Part != 2 {
		b.Errorf("part %d, want 2: two have left", d.Part)
	}
	refused := event(d.Message, smsengine.Refused)
	refused.Part = 2
	r := b.record(refused)
	ds := b.claimAt(start.Add(time.Hour), map[string]int{smsengine.MailGateway: 1})
	if len(r.Reports) != 1 || len(ds) != 1 || ds[0].Message.ID != r.Reports[0] {
		b.Fatalf("the report: %v, claimed %+v", r.Reports, ds)
	}
	d = ds[0]
	if diff := differences(d.Source, src); diff != "" {
		b.Errorf("source of the report: %s", diff)
	}
	if d.About == nil {
		b.Fatal("the report does not bring the message that it is about")
	}
	if diff := differences(*d.About, r.Message); diff != "" {
		b.Errorf("what the report is about: %s", diff)
	}
	src.ID = smsengine.NewSourceID(start)
	answer := b.text(route(smsengine.MailGateway), func(m *smsengine.Message) { m.Kind = smsengine.Incoming })
	if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: src, Messages: []smsengine.Message{answer}}); err != nil {
		b.Fatal(err)
	}
	d = b.claim(smsengine.MailGateway, 1)[0]
	if diff := differences(d.Source, src); diff != "" || d.About != nil {
		b.Errorf("source of an answer: %s, about %v", diff, d.About)
	}
}

func claimNotReady(b *bed) {
	b.accept(b.text(func(m *smsengine.Message) { m.State = smsengine.Held }))
	m := b.sending()
	b.record(taken(m, 0, "r"))
	done := b.sending()
	b.record(event(done, smsengine.Refused))
	if ds := b.claimAt(start.Add(time.Hour), map[string]int{"sim": 9}); len(ds) != 0 {
		b.Errorf("claimed %s, which is not ready", ds[0].Message.ID)
	}
}

func claimSurvives(b *bed) {
	m := b.sending()
	b.reopen()
	if diff := differences(b.message(m.ID), m); diff != "" {
		b.Errorf("after a stop: %s", diff)
	}
	if ds := b.claim("sim", 9); len(ds) != 0 {
		b.Error("after a stop the message is claimed again, though nobody gave it up")
	}
	b.wantTrace(m.ID, "accepted claimed")
	b.record(taken(m, 0, "r"))
	b.wantState(m.ID, smsengine.Sent)
}

func (b *bed) wantNextDue(want time.Time, gateways ...string) {
	b.Helper()
	room := map[string]int{}
	for _, g := range gateways {
		room[g] = 1
	}
	if got, err := b.store.NextDue(b.ctx(), smsengine.Claim{Room: room}); err != nil || !got.Equal(want) {
		b.Errorf("next due for %v: %v, want %v (%v)", gateways, got, want, err)
	}
}

func claimNextDue(b *bed) {
	b.wantNextDue(time.Time{}, "a", "b")
	b.accept(b.text(route("a"), next(2*time.Hour)), b.text(route("b"), next(time.Hour)), b.text(route("c", "b"), next(30*time.Minute)))
	b.accept(b.text(route("a"), func(m *smsengine.Message) { m.State = smsengine.Held }))
	b.wantNextDue(start.Add(2*time.Hour), "a")
	b.wantNextDue(start.Add(30*time.Minute), "a", "b")
	b.wantNextDue(start.Add(30*time.Minute), "c")
	b.wantNextDue(time.Time{}, "d")
	b.wantNextDue(time.Time{})
	b.claimAt(start.Add(time.Hour), map[string]int{"b": 2})
	b.wantNextDue(start.Add(2*time.Hour), "a", "b", "c")
}

func claimNextDueBound(b *bed) {
	m := b.sending(parts(2), route("a", "b"))
	b.record(taken(m, 0, "r0"), event(m, smsengine.Deferred))
	b.wantNextDue(time.Time{}, "b")
	b.wantNextDue(start.Add(time.Minute), "a")
}

// What cannot be claimed now must not hide what can: a thousand older messages
// for a gateway without room stand before one for a gateway with room.
func claimNoStarving(b *bed) {
	var ms []smsengine.Message
	for range 1000 {
		ms = append(ms, b.text(route("a")))
	}
	b.accept(ms...)
	bound := b.sending(parts(2), route("b", "a"))
	b.record(taken(bound, 0, "r0"), event(bound, smsengine.Deferred))
	m := b.accept(b.text(route("a", "b"), next(time.Hour)))[0]
	ds := b.claimAt(start.Add(time.Hour), map[string]int{"b": 2})
	if len(ds) != 2 || ds[0].Message.ID != bound.ID || ds[1].Message.ID != m.ID {
		b.Errorf("claimed %d messages, want the two that b may take", len(ds))
	}
}

func claimSeveral(b *bed) {
	b.accept(b.text(route("a")), b.text(route("b", "c")), b.text(route("c")), b.text(route("b"), next(time.Hour)))
	ds := b.claimAt(start, map[string]int{"a": 5, "b": 5, "c": 5, "d": 5})
	if len(ds) != 3 {
		b.Errorf("%d claimed, want 3", len(ds))
	}
	for _, d := range ds {
		if !d.Message.Route.Has(d.Message.Gateway) {
			b.Errorf("claimed for %s, the route is %v", d.Message.Gateway, d.Message.Route)
		}
		if d.Message.Lease.Node != node || !d.Message.Lease.Until.Equal(start.Add(time.Hour)) {
			b.Errorf("the lease is %+v", d.Message.Lease)
		}
	}
}
