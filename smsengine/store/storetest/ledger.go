package storetest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var ledgerCases = map[string]func(*bed){
	"what is not there":            ledgerNothing,
	"finds by how an ID begins":    ledgerFind,
	"lists by state, kind, place":  ledgerList,
	"lists by account and time":    ledgerAccounts,
	"goes on where a list ended":   ledgerPages,
	"counts":                       ledgerCounts,
	"a trace has every change":     ledgerTrace,
	"looks while others write too": ledgerTogether,
}

func ledgerNothing(b *bed) {
	if _, err := b.store.Message(b.ctx(), "nobody"); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("message: %v, want ErrNotFound", err)
	}
	if _, err := b.store.Source(b.ctx(), "nothing"); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("source: %v, want ErrNotFound", err)
	}
	if _, err := b.store.Trace(b.ctx(), "nobody"); !errors.Is(err, smsengine.ErrNotFound) {
		b.Errorf("trace: %v, want ErrNotFound", err)
	}
	if u, err := b.store.Usage(b.ctx(), smsengine.Counter{Account: "nobody", Period: "2026-11"}); err != nil || u != (smsengine.Usage{}) {
		b.Errorf("usage: %+v, %v", u, err)
	}
	if ms, err := b.store.List(b.ctx(), smsengine.Filter{}); err != nil || len(ms) != 0 {
		b.Errorf("list: %+v, %v", ms, err)
	}
	if c, err := b.store.Counts(b.ctx()); err != nil || len(c) != 0 {
		b.Errorf("counts: %+v, %v", c, err)
	}
}

func ledgerFind(b *bed) {
	var all []string
	for i, id := range []smsengine.MessageID{"01abc0", "01abc1", "01abd0", "02abc0"} {
		m := b.text(next(time.Duration(i) * time.Second))
		m.ID = id
		all = append(all, string(b.accept(m)[0].ID))
	}
	for _, c := range []struct {
		prefix string
		limit  int
		want   []string
	}{
		{"01abc", 10, all[:2]}, {"01ab", 10, all[:3]}, {"", 10, all}, {"02abc0", 10, all[3:]},
		{"01ab", 2, all[:2]}, {"03", 10, nil}, {"02abc00", 10, nil},
		{"%", 10, nil}, {"_1", 10, nil}, {"01ab'--", 10, nil}, {"01*", 10, nil},
	} {
		ids, err := b.store.Find(b.ctx(), c.prefix, c.limit)
		var got []string
		for _, id := range ids {
			got = append(got, string(id))
		}
		if err != nil || !slices.Equal(got, c.want) {
			b.Errorf("find %q, at most %d: %v, want %v (%v)", c.prefix, c.limit, got, c.want, err)
		}
	}
}

func ledgerList(b *bed) {
	one := b.sending()
	two := b.sent("r")
	three := b.accept(b.text(func(m *smsengine.Message) {
		m.Kind, m.From, m.To, m.State = smsengine.Incoming, other, john, smsengine.Held
	}))[0]
	four := b.accept(b.text(func(m *smsengine.Message) { m.To = other }))[0]
	for _, c := range []struct {
		f    smsengine.Filter
		want []smsengine.MessageID
	}{
		{smsengine.Filter{}, []smsengine.MessageID{four.ID, three.ID, two.ID, one.ID}},
		{smsengine.Filter{Limit: 2}, []smsengine.MessageID{four.ID, three.ID}},
		{smsengine.Filter{States: []smsengine.State{smsengine.Sending}}, []smsengine.MessageID{one.ID}},
		{smsengine.Filter{States: []smsengine.State{smsengine.Sent, smsengine.Held}}, []smsengine.MessageID{three.ID, two.ID}},
		{smsengine.Filter{States: []smsengine.State{smsengine.Failed}}, nil},
		{smsengine.Filter{Kind: smsengine.Incoming}, []smsengine.MessageID{three.ID}},
		{smsengine.Filter{Address: other}, []smsengine.MessageID{four.ID, three.ID}},
		{smsengine.Filter{Address: john}, []smsengine.MessageID{four.ID, three.ID, two.ID, one.ID}},
		{smsengine.Filter{Address: other, Kind: smsengine.Text}, []smsengine.MessageID{four.ID}},
		{smsengine.Filter{Address: smsengine.Phone("%")}, nil},
		{smsengine.Filter{About: one.ID}, nil},
		{smsengine.Filter{States: []smsengine.State{smsengine.Ready}, Kind: smsengine.Text, Address: other, Limit: 1}, []smsengine.MessageID{four.ID}},
	} {
		ms, err := b.store.List(b.ctx(), c.f)
		var got []smsengine.MessageID
		for _, m := range ms {
			got = append(got, m.ID)
			if diff := differences(m, b.message(m.ID)); diff != "" {
				b.Errorf("listed otherwise than alone: %s", diff)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			b.Errorf("list %+v: %v, want %v (%v)", c.f, got, c.want, err)
		}
	}
	var ms []smsengine.Message
	for range 120 {
		ms = append(ms, b.text())
	}
	b.accept(ms...)
	if ms, err := b.store.List(b.ctx(), smsengine.Filter{}); err != nil || len(ms) != 100 {
		b.Errorf("without a limit %d are listed, want 100 (%v)", len(ms), err)
	}
}

func ledgerAccounts(b *bed) {
	of := func(account string, after time.Duration) smsengine.MessageID {
		return b.accept(b.text(func(m *smsengine.Message) { m.Account, m.Created = account, start.Add(after) }))[0].ID
	}
	one, two, three, four := of("alerts", 0), of("john", time.Hour), of("alerts", time.Hour), of("", 2*time.Hour)
	for _, c := range []struct {
		f    smsengine.Filter
		want []smsengine.MessageID
	}{
		{smsengine.Filter{Account: "alerts"}, []smsengine.MessageID{three, one}},
		{smsengine.Filter{Account: "alerts", Oldest: true}, []smsengine.MessageID{one, three}},
		{smsengine.Filter{Account: "nobody"}, nil},
		{smsengine.Filter{Account: "alert%"}, nil},
		{smsengine.Filter{Account: "alerts", Kind: smsengine.Incoming}, nil},
		{smsengine.Filter{Since: start.Add(time.Hour)}, []smsengine.MessageID{four, three, two}},
		{smsengine.Filter{Until: start.Add(time.Hour)}, []smsengine.MessageID{one}},
		{smsengine.Filter{Since: start.Add(time.Minute), Until: start.Add(2 * time.Hour), Account: "john"}, []smsengine.MessageID{two}},
		{smsengine.Filter{Before: three}, []smsengine.MessageID{two, one}},
		{smsengine.Filter{After: one, Before: four}, []smsengine.MessageID{three, two}},
		{smsengine.Filter{After: one, Oldest: true, Limit: 1}, []smsengine.MessageID{two}},
		{smsengine.Filter{After: four}, nil},
		{smsengine.Filter{Account: "alerts", Before: two}, []smsengine.MessageID{one}}, // a mark need not be in the list
	} {
		ms, err := b.store.List(b.ctx(), c.f)
		if got := idsOf(ms); err != nil || !slices.Equal(got, c.want) {
			b.Errorf("list %+v: %v, want %v (%v)", c.f, got, c.want, err)
		}
	}
	for _, f := range []smsengine.Filter{{Before: "nobody"}, {After: "nobody"}} {
		_, err := b.store.List(b.ctx(), f)
		b.wantErr("to go on from nowhere", err, smsengine.ErrNotFound)
	}
}

func idsOf(ms []smsengine.Message) (ids []smsengine.MessageID) {
	for _, m := range ms {
		ids = append(ids, m.ID)
	}
	return ids
}

// Whoever goes on after the last that he saw gets each message once, in the order
// in which they were stored, whatever their IDs and however many come meanwhile.
// Whoever goes back from the newest gets each that was there when he began.
func ledgerPages(b *bed) {
	const writers, each = 6, 20
	for range 30 {
		b.accept(b.text())
	}
	before, err := b.store.List(b.ctx(), smsengine.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	made := make([][]smsengine.Message, writers)
	for i := range made {
		for range each {
			made[i] = append(made[i], b.text())
		}
	}
	var forth, back []smsengine.MessageID
	together(writers+2, func(i int) {
		switch {
		case i < writers:
			for n := range each {
				m := made[i][each-1-n] // IDs do not come in their order
				if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{m}}); err != nil {
					b.Errorf("accept: %v", err)
				}
			}
		case i == writers:
			forth = b.walk(smsengine.Filter{Oldest: true, Limit: 7}, len(before)+writers*each)
		default:
			back = b.walk(smsengine.Filter{Limit: 4}, 0)
		}
	})
	stored, err := b.store.List(b.ctx(), smsengine.Filter{Limit: 1000, Oldest: true})
	if err != nil {
		b.Fatal(err)
	}
	if !slices.Equal(forth, idsOf(stored)) {
		b.Errorf("forth: %d messages, want %d in the order of storing", len(forth), len(stored))
	}
	from := slices.Index(back, before[0].ID)
	if from < 0 || !slices.Equal(back[from:], idsOf(before)) {
		b.Errorf("back: not the %d that were there: %v", len(before), back)
	}
}

// walk turns the pages until at least so many messages were seen and there is no
// other.
func (b *bed) walk(f smsengine.Filter, least int) (ids []smsengine.MessageID) {
	for {
		ms, err := b.store.List(b.ctx(), f)
		if err != nil {
			b.Errorf("list: %v", err)
			return ids
		}
		ids = append(ids, idsOf(ms)...)
		if len(ms) == 0 {
			if len(ids) >= least || b.Failed() {
				return ids
			}
			continue
		}
		if last := ids[len(ids)-1]; f.Oldest {
			f.After = last
		} else {
			f.Before = last
		}
	}
}

func ledgerCounts(b *bed) {
	b.sending()
	b.sent("r")
	refused := b.sending()
	b.record(event(refused, smsengine.Refused))
	b.accept(b.text(), b.text(), b.text(func(m *smsengine.Message) { m.Kind = smsengine.Incoming }))
	got, err := b.store.Counts(b.ctx())
	want := map[smsengine.Kind]map[smsengine.State]int{
		smsengine.Text:     {smsengine.Sending: 1, smsengine.Sent: 1, smsengine.Failed: 1, smsengine.Ready: 2},
		smsengine.Incoming: {smsengine.Ready: 1},
		smsengine.Report:   {smsengine.Ready: 1},
	}
	for k, states := range want {
		for s, n := range states {
			if got[k][s] != n {
				b.Errorf("%d messages of kind %s are %s, want %d", got[k][s], k, s, n)
			}
		}
	}
	for k, states := range got {
		for s, n := range states {
			if n != want[k][s] {
				b.Errorf("%d messages of kind %s are %s, want %d", n, k, s, want[k][s])
			}
		}
	}
	if err != nil {
		b.Error(err)
	}
}

// The life of one message with everything in it, through all methods that
// change a message.
func ledgerTrace(b *bed) {
	m := b.accept(b.text(parts(2), func(m *smsengine.Message) { m.Warn = start.Add(time.Minute) }))[0]
	later := start.Add(2 * time.Hour)
	b.record(event(m, smsengine.HoldReq))
	b.record(b.due(node, start.Add(2*time.Minute))...)
	b.record(event(m, smsengine.ResumeReq))
	m = b.claimAt(start.Add(time.Minute), map[string]int{"sim": 1})[0].Message
	b.record(event(m, smsengine.Released))
	m = b.claimAt(start.Add(time.Minute), map[string]int{"sim": 1})[0].Message
	b.record(taken(m, 0, "r0"))
	b.record(b.due(node, later)...) // lost
	b.record(event(m, smsengine.RepeatReq))
	m = b.claimAt(later, map[string]int{"sim": 1})[0].Message
	b.match(receipt("r1", ""))
	e := taken(m, 1, "r1")
	b.record(e)
	b.match(receipt("r0", smsengine.PartDelivered))
	b.match(receipt("r1", smsengine.PartDelivered))
	b.wantState(m.ID, smsengine.Delivered)
	want := "accepted hold delayed resume claimed released claimed part lost repeat claimed taken receipt receipt receipt"
	b.wantTrace(m.ID, want)
	b.reopen()
	b.wantTrace(m.ID, want)
	es, err := b.store.Trace(b.ctx(), m.ID)
	if err != nil {
		b.Fatal(err)
	}
	var early []string
	for _, e := range es {
		if e.Early {
			early = append(early, string(e.Kind))
		}
	}
	if strings.Join(early, " ") != "receipt" {
		b.Errorf("early events: %v, want one receipt", early)
	}
}

func ledgerTogether(b *bed) {
	var ms []smsengine.Message
	for range 120 {
		ms = append(ms, b.text())
	}
	together(12, func(i int) {
		for n := range 10 {
			if i%2 == 0 {
				m := ms[10*i+n]
				if _, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: []smsengine.Message{m}}); err != nil {
					b.Errorf("accept: %v", err)
				}
				continue
			}
			ms, err := b.store.List(b.ctx(), smsengine.Filter{})
			if err != nil {
				b.Errorf("list: %v", err)
			}
			for _, m := range ms {
				if es, err := b.store.Trace(b.ctx(), m.ID); err != nil || len(es) != 1 {
					b.Errorf("a message without its first event: %+v, %v", es, err)
				}
			}
			if _, err := b.store.Counts(b.ctx()); err != nil {
				b.Errorf("counts: %v", err)
			}
		}
	})
}
