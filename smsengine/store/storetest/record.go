package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

var recordCases = map[string]func(*bed){
	"events in order, of several messages":     recordBatch,
	"a whole life in one batch":                recordLife,
	"what Apply refuses disturbs nobody":       recordRefused,
	"what Apply says is what is stored":        recordApplies,
	"a report is stored with its cause":        recordReport,
	"a report is made once":                    recordReportOnce,
	"a refund is stored with its cause":        recordRefund,
	"what left is paid":                        recordNoRefund,
	"a link is made and renewed":               recordLink,
	"everything survives a stop":               recordSurvives,
	"an answer and its repetition, together":   recordTogether,
	"nothing to record":                        recordNothing,
	"a repetition by policy waits its turn":    recordRepeat,
	"many callers at once, each his own event": recordCrowd,
	"one caller's failure is not another's":    recordAmongFailures,
	"an attempt ends and the next begins":      recordSettles,
}

func recordBatch(b *bed) {
	one, two, three := b.sending(), b.sending(), b.sending()
	rs, err := b.store.Record(b.ctx(), []smsengine.Event{
		event(two, smsengine.Refused), taken(one, 0, "r1"), event(three, smsengine.Deferred),
	})
	if err != nil || len(rs) != 3 {
		b.Fatalf("record: %+v, %v", rs, err)
	}
	for i, want := range []struct {
		id    smsengine.MessageID
		state smsengine.State
	}{{two.ID, smsengine.Failed}, {one.ID, smsengine.Sent}, {three.ID, smsengine.Ready}} {
		if rs[i].Err != nil || rs[i].Message.ID != want.id || rs[i].Message.State != want.state {
			b.Errorf("result %d: %s is %s, %v; want %s to be %s", i, rs[i].Message.ID, rs[i].Message.State, rs[i].Err, want.id, want.state)
		}
		b.wantState(want.id, want.state)
	}
}

func recordSettles(b *bed) {
	first, second, third := b.sending(), b.accept(b.text())[0], b.accept(b.text())[0]
	place := smsengine.Claim{Node: node, Room: map[string]int{first.Route.Gateways()[0]: 1}, Now: start.Add(time.Minute), Until: start.Add(time.Hour)}
	settle := func(e smsengine.Event, c smsengine.Claim) (smsengine.Result, []smsengine.Delivery) {
		b.Helper()
		r, ds, err := b.store.Settle(b.ctx(), e, c)
		if err != nil {
			b.Fatalf("settle: %v", err)
		}
		return r, ds
	}
	later := event(first, smsengine.Deferred)
	later.Until = start.Add(time.Hour)
	if r, ds := settle(later, place); r.Err != nil || len(ds) != 1 || ds[0].Message.ID != second.ID {
		b.Fatalf("settled as %+v, begun %+v; want %s to be begun", r, ds, second.ID)
	}
	second = b.message(second.ID)
	b.wantState(first.ID, smsengine.Ready)
	b.wantState(second.ID, smsengine.Sending)
	if r, ds := settle(taken(second, 0, "r"), smsengine.Claim{}); r.Message.State != smsengine.Sent || len(ds) != 0 {
		b.Errorf("without room: %+v, begun %+v", r, ds)
	}
	// An event of an attempt that is over frees its place all the same.
	if r, ds := settle(taken(second, 0, "r"), place); r.Err == nil || len(ds) != 1 || ds[0].Message.ID != third.ID {
		b.Errorf("a stale event: %+v, begun %+v", r, ds)
	}
	b.wantTrace(first.ID, "accepted claimed deferred")
	b.wantTrace(third.ID, "accepted claimed")
}

func recordLife(b *bed) {
	m := b.sending(parts(3))
	r := b.record(taken(m, 0, "r0"), taken(m, 1, "r1"), event(m, smsengine.CancelReq), taken(m, 2, "r2"))
	if r.Message.State != smsengine.Sent || r.Message.Cancel {
		b.Errorf("after its last part: %+v", r.Message)
	}
	for i, p := range r.Message.Parts {
		if p.State != smsengine.PartSent || p.Reference != fmt.Sprint("r", i) {
			b.Errorf("part %d: %+v", i, p)
		}
	}
	b.wantTrace(m.ID, "accepted claimed part part cancel taken")
}

func recordRefused(b *bed) {
	m := b.sending()
	before := b.message(m.ID)
	stale := taken(m, 0, "r")
	stale.Attempt = 7
	unknown := taken(m, 0, "r")
	unknown.Message = "nobody"
	good := b.sending()
	rs, err := b.store.Record(b.ctx(), []smsengine.Event{
		stale, event(m, smsengine.ResumeReq), unknown, taken(good, 0, "r"), {Message: m.ID, Kind: "eaten", At: start},
	})
	if err != nil || len(rs) != 5 {
		b.Fatalf("record: %+v, %v", rs, err)
	}
	for i, want := range []error{smsengine.ErrStale, smsengine.ErrTransition, smsengine.ErrNotFound, nil, smsengine.ErrTransition} {
		if !errors.Is(rs[i].Err, want) {
			b.Errorf("result %d: %v, want %v", i, rs[i].Err, want)
		}
	}
	if diff := differences(rs[0].Message, before); diff != "" {
		b.Errorf("the message of a refused event: %s", diff)
	}
	if diff := differences(b.message(m.ID), before); diff != "" {
		b.Errorf("refused, and changed: %s", diff)
	}
	b.wantTrace(m.ID, "accepted claimed")
	b.wantState(good.ID, smsengine.Sent)
}

func recordApplies(b *bed) {
	m := b.sending(parts(2), paidBy("john", 2), func(m *smsengine.Message) { m.Warn = start.Add(time.Minute); m.LinkFor = time.Hour })
	delayed := smsengine.Event{Message: m.ID, Kind: smsengine.Delayed, At: start.Add(2 * time.Minute)}
	for _, e := range []smsengine.Event{
		taken(m, 0, "r0"), event(m, smsengine.Deferred), delayed, event(m, smsengine.HoldReq), event(m, smsengine.ResumeReq),
	} {
		want, _, err := b.message(m.ID).Apply(e, e.At)
		if err != nil {
			b.Fatalf("%s: %v", e.Kind, err)
		}
		r := b.record(e)
		if diff := differences(r.Message, want); diff != "" {
			b.Errorf("result of %s: %s", e.Kind, diff)
		}
		if diff := differences(b.message(m.ID), want); diff != "" {
			b.Errorf("stored after %s: %s", e.Kind, diff)
		}
		es, err := b.store.Trace(b.ctx(), m.ID)
		if err != nil {
			b.Fatal(err)
		}
		if diff := differences(es[len(es)-1], e); diff != "" {
			b.Errorf("traced after %s: %s", e.Kind, diff)
		}
	}
}

func recordReport(b *bed) {
	m := b.sending()
	_, effects, err := m.Apply(event(m, smsengine.Refused), start.Add(time.Second))
	if err != nil {
		b.Fatal(err)
	}
	want := effects[len(effects)-1].(smsengine.NewMessage).Message
	r := b.record(event(m, smsengine.Refused))
	if len(r.Reports) != 1 {
		b.Fatalf("%d reports, want one", len(r.Reports))
	}
	want.ID = r.Reports[0]
	if diff := differences(b.message(want.ID), want); diff != "" {
		b.Errorf("the report: %s", diff)
	}
	b.wantTrace(want.ID, "accepted")
	ds := b.claimAt(start.Add(time.Second), map[string]int{smsengine.MailGateway: 9})
	if len(ds) != 1 || ds[0].Message.ID != want.ID {
		b.Errorf("the mail gateway gets %+v, want the report", ds)
	}
	if ms, err := b.store.List(b.ctx(), smsengine.Filter{About: m.ID}); err != nil || len(ms) != 1 || ms[0].ID != want.ID {
		b.Errorf("reports about the message: %+v, %v", ms, err)
	}
}

// An attempt that is lost twice is reported once: the second report has the key
// of the first.
func recordReportOnce(b *bed) {
	m := b.sending(parts(2))
	late := taken(m, 0, "r0")
	r := b.record(event(m, smsengine.Lost))
	again := b.record(late, event(m, smsengine.Lost))
	if len(r.Reports) != 1 || len(again.Reports) != 0 || again.Message.State != smsengine.Unsure {
		b.Errorf("reports %v, then %v; the message is %s", r.Reports, again.Reports, again.Message.State)
	}
	if ms, err := b.store.List(b.ctx(), smsengine.Filter{About: m.ID}); err != nil || len(ms) != 1 {
		b.Errorf("%d reports, want one (%v)", len(ms), err)
	}
}

func recordRefund(b *bed) {
	m := b.sending(paidBy("john", 3))
	b.accept(b.text(paidBy("john", 2)))
	b.wantUsage("john", 5)
	b.record(event(m, smsengine.Refused))
	b.wantUsage("john", 2)
	rs, err := b.store.Record(b.ctx(), []smsengine.Event{event(m, smsengine.Refused), event(m, smsengine.CancelReq)})
	if err != nil || rs[0].Err == nil || rs[1].Err == nil {
		b.Fatalf("a message that ended ended again: %+v, %v", rs, err)
	}
	b.wantUsage("john", 2)
	as, err := b.store.Accept(b.ctx(), smsengine.Intake{
		Source: source(), Messages: []smsengine.Message{b.text(paidBy("john", 1))}, Limits: monthly("john", 3),
	})
	if err != nil || as[0].Err != nil {
		b.Errorf("what was given back cannot be used: %+v, %v", as, err)
	}
}

func recordNoRefund(b *bed) {
	m := b.sending(parts(2), paidBy("john", 2))
	refused := event(m, smsengine.Refused)
	refused.Part = 1
	b.record(taken(m, 0, "r0"), refused)
	b.wantState(m.ID, smsengine.Failed)
	b.wantUsage("john", 2)
}

func recordLink(b *bed) {
	linked := func(m *smsengine.Message) { m.LinkFor = time.Hour }
	links := func(now time.Time) []smsengine.Link {
		ls, err := b.store.Links(b.ctx(), ours, phone, now)
		if err != nil {
			b.Fatal(err)
		}
		return ls
	}
	if ls := links(start); len(ls) != 0 {
		b.Errorf("links before any text: %+v", ls)
	}
	one := b.sending(linked)
	e := taken(one, 0, "r1")
	b.record(e)
	want := smsengine.Link{Ours: ours, Theirs: phone, Sender: john, Message: one.ID, Expires: e.At.Add(time.Hour), Code: 1}
	if ls := links(start); len(ls) != 1 || differences(ls[0], want) != "" {
		b.Errorf("links %+v, want %+v", ls, want)
	}
	mary := b.sending(linked, func(m *smsengine.Message) { m.From = smsengine.Mailbox("mary@example.org") })
	e2 := taken(mary, 0, "r2")
	e2.At = e2.At.Add(time.Minute)
	b.record(e2)
	if ls := links(start); len(ls) != 2 || ls[0].Message != mary.ID || ls[1].Message != one.ID {
		b.Errorf("links %+v, want mary's, which is newer, and john's", ls)
	}
	again := b.sending(linked)
	e3 := taken(again, 0, "r3")
	e3.At = e3.At.Add(30 * time.Minute)
	b.record(e3)
	ls := links(start)
	if len(ls) != 2 || ls[0].Message != again.ID || !ls[0].Expires.Equal(e3.At.Add(time.Hour)) {
		b.Errorf("links %+v, want john's renewed, and mary's", ls)
	}
	b.reopen()
	if ls := links(e2.At.Add(time.Hour)); len(ls) != 1 || ls[0].Message != again.ID {
		b.Errorf("when mary's has expired: %+v", ls)
	}
	if ls := links(e3.At.Add(time.Hour)); len(ls) != 0 {
		b.Errorf("when all have expired: %+v", ls)
	}
	for _, pair := range [][2]smsengine.Address{{ours, other}, {other, phone}, {phone, ours}} {
		if ls, err := b.store.Links(b.ctx(), pair[0], pair[1], start); err != nil || len(ls) != 0 {
			b.Errorf("links of %v: %+v, %v", pair, ls, err)
		}
	}
}

func recordSurvives(b *bed) {
	m := b.sending(paidBy("john", 1), func(m *smsengine.Message) { m.LinkFor = time.Hour })
	sent := b.record(taken(m, 0, "r0")).Message
	bad := b.sending(paidBy("john", 1))
	r := b.record(event(bad, smsengine.Refused))
	b.reopen()
	for _, want := range []smsengine.Message{sent, r.Message} {
		if diff := differences(b.message(want.ID), want); diff != "" {
			b.Errorf("after a stop: %s", diff)
		}
	}
	b.wantTrace(bad.ID, "accepted claimed refused")
	b.wantUsage("john", 1)
	b.wantState(r.Reports[0], smsengine.Ready)
	if ls, err := b.store.Links(b.ctx(), ours, phone, start); err != nil || len(ls) != 1 {
		b.Errorf("links: %+v, %v", ls, err)
	}
}

// The same answer from many callers changes the message once.
func recordTogether(b *bed) {
	m := b.sending(paidBy("john", 1))
	won := make([]bool, 12)
	together(len(won), func(i int) {
		e := event(m, smsengine.Refused)
		if i%2 == 0 {
			e = taken(m, 0, "r")
		}
		rs, err := b.store.Record(b.ctx(), []smsengine.Event{e})
		switch {
		case err != nil:
			b.Errorf("record: %v", err)
		case rs[0].Err == nil:
			won[i] = true
		case !errors.Is(rs[0].Err, smsengine.ErrTransition):
			b.Errorf("record: %v, want ErrTransition", rs[0].Err)
		}
	})
	winners := 0
	for i, w := range won {
		if w {
			winners++
			want, usage := smsengine.Sent, 1
			if i%2 == 1 {
				want, usage = smsengine.Failed, 0
			}
			b.wantState(m.ID, want)
			b.wantUsage("john", usage)
		}
	}
	if winners != 1 {
		b.Errorf("%d of %d answers changed the message, want one", winners, len(won))
	}
}

func recordNothing(b *bed) {
	if rs, err := b.store.Record(b.ctx(), nil); err != nil || len(rs) != 0 {
		b.Errorf("no events: %+v, %v", rs, err)
	}
}

func recordRepeat(b *bed) {
	m := b.sending()
	e := event(m, smsengine.InDoubt)
	e.Until = start.Add(10 * time.Minute)
	if r := b.record(e); r.Message.State != smsengine.Ready || r.Message.Repeats != 1 {
		b.Errorf("to be repeated: %+v", r.Message)
	}
	if ds := b.claimAt(start.Add(9*time.Minute), map[string]int{"sim": 1}); len(ds) != 0 {
		b.Error("claimed before its time")
	}
	b.reopen()
	if ds := b.claimAt(start.Add(10*time.Minute), map[string]int{"sim": 1}); len(ds) != 1 || ds[0].Message.Repeats != 1 || ds[0].Message.Attempt != 2 {
		b.Errorf("repeated: %+v", ds)
	}
}

func recordCrowd(b *bed) {
	const crowd = 50
	var ms []smsengine.Message
	for range crowd {
		ms = append(ms, b.text(paidBy("john", 1)))
	}
	b.accept(ms...)
	ds := b.claim("sim", crowd)
	if len(ds) != crowd {
		b.Fatalf("%d claimed", len(ds))
	}
	together(crowd, func(i int) {
		e := event(ds[i].Message, smsengine.Refused)
		if i%2 == 0 {
			e = taken(ds[i].Message, 0, fmt.Sprint("r", i))
		}
		if rs, err := b.store.Record(b.ctx(), []smsengine.Event{e}); err != nil || rs[0].Err != nil {
			b.Errorf("record: %+v, %v", rs, err)
		}
	})
	counts, err := b.store.Counts(b.ctx())
	if c := counts[smsengine.Text]; err != nil || c[smsengine.Sent] != crowd/2 || c[smsengine.Failed] != crowd/2 || counts[smsengine.Report][smsengine.Ready] != crowd/2 {
		b.Errorf("counts %v, %v", counts, err)
	}
	b.wantUsage("john", crowd/2)
}

// A Store that groups callers must not let one that fails take others with it,
// nor do twice what it does again without the one at fault. A set that was
// consumed for another message is such a fault.
func recordAmongFailures(b *bed) {
	set := b.collect(1, 1, 7)
	b.consume(set)
	const callers = 40
	var ms, bad []smsengine.Message
	for i := range callers {
		ms = append(ms, b.text(parts(2), paidBy("john", 2)))
		bad = append(bad, b.text(key(fmt.Sprint("bad", i)), paidBy("john", 1)))
	}
	b.accept(ms...)
	ds := b.claim("sim", callers)
	together(2*callers, func(i int) {
		if i%2 == 1 {
			as, err := b.store.Accept(b.ctx(), smsengine.Intake{Source: source(), Messages: bad[i/2 : i/2+1], Consumes: set.ID})
			if err == nil && as[0].Err == nil && !as[0].Duplicate {
				b.Errorf("a consumed set was made into another message: %+v", as)
			}
			return
		}
		m := ds[i/2].Message
		for part := range 2 {
			rs, err := b.store.Record(b.ctx(), []smsengine.Event{taken(m, part, fmt.Sprint("r", i, ".", part))})
			if err != nil || rs[0].Err != nil {
				b.Errorf("record: %+v, %v", rs, err)
			}
		}
	})
	for _, m := range ms {
		b.wantState(m.ID, smsengine.Sent)
		b.wantTrace(m.ID, "accepted claimed part taken")
	}
	b.wantUsage("john", 2*callers)
}
