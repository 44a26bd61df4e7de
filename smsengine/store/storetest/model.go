package storetest

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
)

var modelCases = map[string]func(*bed){
	"does what a model does": doesWhatAModelDoes,
}

// model is what a Store is, without disk, transactions and other callers: a map
// of messages that Apply moves. It gives every caller's answer and is compared
// with the Store's.
type model struct {
	bed  *bed
	run  string    // in names, so that the runs can share one store
	now  time.Time // never the same twice, so that Next decides the order
	ids  []smsengine.MessageID
	msgs map[smsengine.MessageID]smsengine.Message
	keys map[string]smsengine.MessageID
	logs map[smsengine.MessageID][]string // kinds of events
	used map[smsengine.Counter]int
	refs map[string]smsengine.MessageID // references that the gateway gave
	ties map[pair]tie
	life int

	stopped  map[smsengine.Address]time.Time // our numbers that the run's phone said STOP to
	conflict smsengine.Conflict
}

var runs atomic.Int64

// enough bounds the test on slow machines, unless somebody asks for more with
// -rapid.checks.
const enough = 10 * time.Second

func doesWhatAModelDoes(b *bed) {
	begun := time.Now()
	rapid.Check(b.T, func(t *rapid.T) {
		if time.Since(begun) > enough && flag.Lookup("rapid.checks").Value.String() == "100" {
			return
		}
		run := fmt.Sprint("run", runs.Add(1))
		m := &model{
			bed: b, run: run, now: start, life: 1,
			msgs: map[smsengine.MessageID]smsengine.Message{}, keys: map[string]smsengine.MessageID{},
			logs: map[smsengine.MessageID][]string{}, used: map[smsengine.Counter]int{}, refs: map[string]smsengine.MessageID{},
			ties: map[pair]tie{}, stopped: map[smsengine.Address]time.Time{},
		}
		t.Repeat(map[string]func(*rapid.T){
			"accept": m.accept, "claim": m.claim, "claim more": m.claim, "settle": m.settle, "settle more": m.settle,
			"request": m.request, "receipt": m.receipt, "due": m.due, "crash": m.crash,
			"": m.tick,
		})
		m.compare(t)
		m.finish(t)
	})
}

// finish leaves nothing that a later run could claim.
func (m *model) finish(t *rapid.T) {
	for _, id := range m.ids {
		msg := m.msgs[id]
		if msg.State == smsengine.Sending {
			m.record(t, smsengine.Event{Message: id, Kind: smsengine.Refused, At: m.now, Attempt: msg.Attempt, Part: msg.Unsent()})
		} else if !msg.State.Final() && msg.State != smsengine.Sent && (msg.Kind == smsengine.Text || msg.Kind == smsengine.Deed) {
			m.record(t, smsengine.Event{Message: id, Kind: smsengine.CancelReq, At: m.now})
		}
	}
}

// tick passes before every action.
func (m *model) tick(t *rapid.T) {
	m.now = m.now.Add(time.Second)
	if rapid.IntRange(0, 15).Draw(t, "a long time passes") == 0 {
		m.now = m.now.Add(40 * time.Minute)
	}
}

var (
	gateways = []string{"a", "b", "c"}
	routes   = []string{"a", "b", "a b", "c b a", "a |20m b", "a b |1s c", "c | a", "b |30m c |1s a"}
)

func (m *model) node() string { return fmt.Sprint(m.run, "/", m.life) }

// accept stores up to three messages, some of them over a limit, some known.
func (m *model) accept(t *rapid.T) {
	in := smsengine.Intake{Source: source(), Limits: m.limits(), Effects: m.effects(t)}
	for range rapid.IntRange(0, 3).Draw(t, "messages") {
		msg := m.bed.text(
			key(fmt.Sprint(m.run, "key", rapid.IntRange(0, 40).Draw(t, "key"))),
			parts(rapid.IntRange(1, 3).Draw(t, "parts")), notify(smsengine.Notify(rapid.IntRange(0, 15).Draw(t, "notify"))),
			paidBy(rapid.SampledFrom([]string{"", m.run + "john", m.run + "mary"}).Draw(t, "account"), rapid.IntRange(0, 4).Draw(t, "cost")),
			m.moreCharges(t),
			ranked(rapid.SampledFrom(routes).Draw(t, "route")),
		)
		m.now = m.now.Add(time.Millisecond)
		msg.Source, msg.Created, msg.Next = in.Source.ID, m.now, m.now
		msg.Warn, msg.Expires, msg.LinkFor = m.now.Add(30*time.Minute), m.now.Add(time.Hour), rapid.SampledFrom([]time.Duration{time.Minute, time.Hour}).Draw(t, "link for")
		msg.From = smsengine.Mailbox(rapid.SampledFrom([]string{"john", "mary", "anna", "paul"}).Draw(t, "from") + "@" + m.run + ".example.org")
		msg.Body.Name = rapid.SampledFrom([]string{"", "Grandpa", "Bob"}).Draw(t, "name")
		in.Messages = append(in.Messages, msg)
	}
	got, err := m.bed.store.Accept(m.bed.ctx(), in)
	if err != nil {
		t.Fatal(err)
	}
	some := len(in.Messages) == 0
	for i, msg := range in.Messages {
		want := smsengine.AcceptedMessage{ID: msg.ID}
		on, over := m.over(msg, in.Limits)
		switch first, known := m.keys[msg.Key]; {
		case known:
			want = smsengine.AcceptedMessage{ID: first, Duplicate: true}
		case over.Gather != nil:
			want = smsengine.AcceptedMessage{ID: msg.ID, Digest: m.gather(t, msg, on, *over.Gather, got[i].Digest)}
			some = true
		case over.Drop != "":
			want = smsengine.AcceptedMessage{Dropped: over.Drop}
			m.countOn(msg, on)
		case over.Most > 0:
			want = smsengine.AcceptedMessage{Err: over.Refusal}
		default:
			m.add(msg)
			some = true
		}
		if got[i] != want {
			t.Fatalf("%+v after %+v, got %+v, want %+v", msg.Charges, m.used, got[i], want)
		}
	}
	if some {
		m.keep(in.Effects)
	}
}

// countOn counts what a limit keeps from going on.
func (m *model) countOn(msg smsengine.Message, on smsengine.Counter) {
	for _, c := range msg.Charges {
		if c.Counter == on {
			m.used[on] += c.Amount
		}
	}
}

// gather has the message gathered by the digest of the key that still gathers, or by
// a new one, whose ID only the Store knows.
func (m *model) gather(t *rapid.T, msg smsengine.Message, on smsengine.Counter, digest smsengine.Message, id smsengine.MessageID) smsengine.MessageID {
	for n, first := 2, digest.Key; m.keys[digest.Key] != "" && !m.msgs[m.keys[digest.Key]].Gathers(); n++ {
		digest.Key = fmt.Sprint(first, " ", n)
	}
	if known := m.keys[digest.Key]; known != "" {
		digest = m.msgs[known]
	} else {
		if id == "" || !m.msgs[id].Created.IsZero() {
			t.Fatalf("a new digest has the ID %q", id)
		}
		digest.ID, digest.Source = id, msg.Source
		m.add(digest)
	}
	m.countOn(msg, on)
	msg, _ = msg.GatheredBy(digest)
	m.add(msg)
	return digest.ID
}

// phone is the run's own.
func (m *model) phone() smsengine.Address { return smsengine.Phone("+1555" + m.run) }

// numbers are ours in the run.
func (m *model) numbers() []smsengine.Address {
	return []smsengine.Address{smsengine.Phone(m.run), smsengine.Phone(m.run + "spare")}
}

// effects are what a text from the phone may cause.
func (m *model) effects(t *rapid.T) []smsengine.Effect {
	ours := rapid.SampledFrom(m.numbers()).Draw(t, "ours")
	switch rapid.IntRange(0, 5).Draw(t, "effect") {
	case 0:
		return []smsengine.Effect{smsengine.Suppress{Ours: ours, Theirs: m.phone(), Since: m.now}}
	case 1:
		return []smsengine.Effect{smsengine.Suppress{Ours: ours, Theirs: m.phone()}}
	case 2:
		return []smsengine.Effect{smsengine.KeepConflict{
			Ours: m.numbers()[0], Theirs: m.phone(), Conflict: smsengine.Conflict{
				Message: smsengine.MessageID(rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "text")),
				Day:     m.now, Told: rapid.IntRange(1, 3).Draw(t, "told"),
			},
		}}
	}
	return nil
}

func (m *model) keep(effects []smsengine.Effect) {
	for _, f := range effects {
		switch f := f.(type) {
		case smsengine.KeepConflict:
			m.conflict = f.Conflict
		case smsengine.Suppress:
			if _, already := m.stopped[f.Ours]; f.Since.IsZero() {
				delete(m.stopped, f.Ours)
			} else if !already {
				m.stopped[f.Ours] = f.Since
			}
		}
	}
}

func (m *model) add(msg smsengine.Message) {
	m.ids = append(m.ids, msg.ID)
	m.msgs[msg.ID], m.keys[msg.Key] = msg, msg.ID
	m.logs[msg.ID] = []string{string(smsengine.Accepted)}
	for _, c := range msg.Charges {
		m.used[c.Counter] += c.Amount
	}
}

// moreCharges charges a message to counters that others use too.
func (m *model) moreCharges(t *rapid.T) func(*smsengine.Message) {
	counters := rapid.SliceOfN(rapid.SampledFrom(slices.SortedFunc(maps.Keys(m.limits()), func(a, b smsengine.Counter) int {
		return cmp.Compare(a.Account+a.Period, b.Account+b.Period)
	})), 0, 3).Draw(t, "counters")
	return func(msg *smsengine.Message) {
		for _, c := range counters {
			msg.Charges = append(msg.Charges, smsengine.Charge{Counter: c, Amount: rapid.IntRange(0, 3).Draw(t, "amount")})
		}
	}
}

// limits are those of a run.
func (m *model) limits() smsengine.Limits {
	limits := smsengine.Limits{}
	for i, c := range []smsengine.Counter{
		{Account: m.run + "john", Period: "2026-11"}, {Account: m.run + "john", Period: "rate 2026-11-23T08:00Z"}, {Account: m.run + "*", Period: "2026-11-23"},
	} {
		limits[c] = smsengine.Limit{Most: 12 + 4*i, Refusal: refusals[i]}
	}
	digest := smsengine.NewDigest(m.run+"digest", "night", "digest", nil, m.now, m.now.Add(10*time.Minute))
	digest.Route = smsengine.Over("a", "b")
	limits[smsengine.Counter{Account: m.run + "#digest", Period: "digest 2026-11-23T08:00Z"}] = smsengine.Limit{Most: 2, Gather: &digest}
	limits[smsengine.Counter{Account: m.run + "#", Period: "identical 2026-11-23T08:00Z"}] = smsengine.Limit{Most: 3, Drop: "too many"}
	return limits
}

var refusals = []*smsengine.Error{
	smsengine.Fail("model", smsengine.Permanent, "5.2.2", "the month is full", nil),
	smsengine.Fail("model", smsengine.Temporary, "4.7.1", "too fast", nil),
	smsengine.Fail("model", smsengine.Temporary, "4.7.1", "the site's day is full", nil),
}

// over gives the first limit that a message would pass, and its counter.
func (m *model) over(msg smsengine.Message, limits smsengine.Limits) (smsengine.Counter, smsengine.Limit) {
	used := maps.Clone(m.used)
	for _, c := range msg.Charges {
		used[c.Counter] += c.Amount
		if l := limits[c.Counter]; c.Amount > 0 && l.Most > 0 && used[c.Counter] > l.Most {
			return c.Counter, l
		}
	}
	return smsengine.Counter{}, smsengine.Limit{}
}

// claim expects the very messages that a patient reader of the interface's
// comments would choose.
func (m *model) claim(t *rapid.T) {
	room, able := map[string]int{}, map[string]bool{}
	for _, g := range gateways {
		room[g] = rapid.IntRange(0, 2).Draw(t, g)
		able[g] = rapid.Bool().Draw(t, g+" can send")
	}
	until := m.now.Add(20 * time.Minute)
	got, err := m.bed.store.Claim(m.bed.ctx(), smsengine.Claim{Node: m.node(), Room: room, Able: able, Now: m.now, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	room = maps.Clone(room)
	due := slices.DeleteFunc(slices.Clone(m.ids), func(id smsengine.MessageID) bool {
		return m.msgs[id].State != smsengine.Ready || m.msgs[id].Next.After(m.now)
	})
	slices.SortFunc(due, func(x, y smsengine.MessageID) int {
		return cmp.Or(m.msgs[x].Next.Compare(m.msgs[y].Next), cmp.Compare(x, y))
	})
	for _, id := range due {
		msg := m.msgs[id]
		taker := m.taker(msg, room, able)
		if taker == "" {
			continue
		}
		room[taker]--
		want, _, err := msg.Apply(smsengine.Event{Kind: smsengine.Claimed, Gateway: taker, Node: m.node(), Until: until}, m.now)
		if err != nil {
			t.Fatalf("the model cannot claim: %v", err)
		}
		if len(got) == 0 {
			t.Fatalf("not claimed: %s for %s", id, taker)
		}
		if diff := differences(got[0].Message, want); diff != "" {
			t.Fatalf("claimed %s for %s: %s", got[0].Message.ID, got[0].Message.Gateway, diff)
		}
		if got[0].Part != want.Unsent() || !got[0].At.Equal(m.now) {
			t.Fatalf("claimed part %d at %s, want %d at %s", got[0].Part, got[0].At, want.Unsent(), m.now)
		}
		m.msgs[id], m.logs[id], got = want, append(m.logs[id], string(smsengine.Claimed)), got[1:]
	}
	if len(got) > 0 {
		t.Fatalf("claimed %d more than there were: %+v", len(got), got[0].Message)
	}
}

// taker is the first gateway with room that need not leave the message to better
// ones: they cannot send, or it has been due for too long.
func (m *model) taker(msg smsengine.Message, room map[string]int, able map[string]bool) string {
	if msg.Gateway != "" {
		if room[msg.Gateway] > 0 {
			return msg.Gateway
		}
		return ""
	}
	patience := time.Duration(0)
	for _, group := range msg.Route {
		for _, g := range group.Gateways {
			if room[g] > 0 && m.now.Sub(msg.Next) >= patience {
				return g
			}
		}
		if slices.ContainsFunc(group.Gateways, func(g string) bool { return able[g] }) {
			if patience += group.Patience; group.Patience == 0 {
				return ""
			}
		}
	}
	return ""
}

// pick chooses a message, one in the given states if there is one.
func (m *model) pick(t *rapid.T, states ...smsengine.State) smsengine.Message {
	var fit []smsengine.MessageID
	for _, id := range m.ids {
		if slices.Contains(states, m.msgs[id].State) {
			fit = append(fit, id)
		}
	}
	if len(fit) == 0 {
		fit = m.ids
	}
	if len(fit) == 0 {
		t.Skip("no message yet")
	}
	return m.msgs[rapid.SampledFrom(fit).Draw(t, "message")]
}

func (m *model) settle(t *rapid.T) {
	msg := m.pick(t, smsengine.Sending, smsengine.Unsure)
	e := smsengine.Event{
		Message: msg.ID, At: m.now, Attempt: msg.Attempt, Gateway: msg.Gateway, Part: msg.Unsent(),
		Kind: rapid.SampledFrom([]smsengine.EventKind{
			smsengine.PartTaken, smsengine.Taken, smsengine.Taken, smsengine.Deferred, smsengine.Refused, smsengine.InDoubt, smsengine.Lost, smsengine.Released,
		}).Draw(t, "event"),
	}
	if rapid.IntRange(0, 7).Draw(t, "stale") == 0 {
		e.Attempt--
	}
	switch e.Kind {
	case smsengine.PartTaken, smsengine.Taken:
		e.Node, e.Until = m.node(), m.now.Add(20*time.Minute)
		e.Taken = smsengine.Taking{
			Reference: fmt.Sprint(msg.ID, ".", e.Part), Ours: rapid.SampledFrom(m.numbers()).Draw(t, "ours"), Receipts: true,
			Whole: e.Kind == smsengine.Taken && rapid.Bool().Draw(t, "whole"),
		}
	case smsengine.Deferred, smsengine.InDoubt:
		if e.Kind == smsengine.Deferred || rapid.Bool().Draw(t, "repeat") {
			e.Until = m.now.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "wait")) * 137 * time.Millisecond)
		}
	}
	if m.record(t, e) && e.Taken.Reference != "" {
		m.refs[e.Taken.Reference] = msg.ID
	}
}

func (m *model) request(t *rapid.T) {
	msg := m.pick(t, smsengine.Ready, smsengine.Held, smsengine.Unsure, smsengine.Sending)
	m.record(t, smsengine.Event{
		Message: msg.ID, At: m.now, By: "somebody",
		Kind: rapid.SampledFrom([]smsengine.EventKind{smsengine.CancelReq, smsengine.HoldReq, smsengine.ResumeReq, smsengine.RepeatReq}).Draw(t, "request"),
	})
}

// record gives the event to both, and reports whether it was applied.
func (m *model) record(t *rapid.T, e smsengine.Event) bool {
	rs, err := m.bed.store.Record(m.bed.ctx(), []smsengine.Event{e})
	if err != nil {
		t.Fatal(err)
	}
	want, ok := m.apply(t, e, rs[0].Reports)
	if ok != (rs[0].Err == nil) {
		t.Fatalf("%s of a message that is %s: %v", e.Kind, m.msgs[e.Message].State, rs[0].Err)
	}
	if diff := differences(rs[0].Message, want); diff != "" {
		t.Fatalf("%s: %s", e.Kind, diff)
	}
	return ok
}

// apply does to the model what the event does. reports are the IDs that the
// Store gave to the reports that it made.
func (m *model) apply(t *rapid.T, e smsengine.Event, reports []smsengine.MessageID) (smsengine.Message, bool) {
	before := m.msgs[e.Message]
	next, effects, err := before.Apply(e, e.At)
	if err != nil {
		return before, false
	}
	m.msgs[e.Message], m.logs[e.Message] = next, append(m.logs[e.Message], string(e.Kind))
	for _, f := range effects {
		switch f := f.(type) {
		case smsengine.Refund:
			for _, c := range f.Charges {
				m.used[c.Counter] -= c.Amount
			}
		case smsengine.MakeLink:
			m.tie(f.Link, e.At)
		case smsengine.NewMessage:
			if _, known := m.keys[f.Message.Key]; known {
				continue
			}
			if len(reports) == 0 {
				t.Fatalf("%s: a report %s is missing", e.Kind, f.Message.Key)
			}
			f.Message.ID, reports = reports[0], reports[1:]
			m.add(f.Message)
		}
	}
	if len(reports) > 0 {
		t.Fatalf("%s: %d reports too many", e.Kind, len(reports))
	}
	return next, true
}

// receipt tells of a part that left. The model knows which, so it needs no
// search: references are not used twice in a run, and tests of Match do that.
func (m *model) receipt(t *rapid.T) {
	names := slices.Sorted(maps.Keys(m.refs))
	if len(names) == 0 {
		t.Skip("nothing left yet")
	}
	ref := rapid.SampledFrom(names).Draw(t, "reference")
	msg := m.msgs[m.refs[ref]]
	i := slices.IndexFunc(msg.Parts, func(p smsengine.Part) bool {
		return p.Reference == ref && (p.State == smsengine.PartSent || p.State == smsengine.PartUnsure)
	})
	if i < 0 {
		t.Skip("its part is settled, or was repeated")
	}
	rep := smsengine.ReceiptReport{
		Gateway: msg.Gateway, Reference: ref, Number: msg.To, At: m.now,
		Final: rapid.SampledFrom([]smsengine.PartState{"", smsengine.PartDelivered, smsengine.PartDelivered, smsengine.PartFailed}).Draw(t, "final"),
	}
	id, _, err := m.bed.store.Match(m.bed.ctx(), rep)
	if err != nil || id != msg.ID {
		t.Fatalf("a receipt of %s went to %q, want %s (%v)", ref, id, msg.ID, err)
	}
	reports := m.reportsOf(t, msg.ID)
	e := smsengine.Event{Message: msg.ID, Kind: smsengine.Receipt, At: m.now, Part: i, Final: rep.Final}
	if _, ok := m.apply(t, e, reports); !ok {
		t.Fatalf("the model refuses the receipt of a part that is %s", msg.Parts[i].State)
	}
	m.compareOne(t, msg.ID)
}

// reportsOf gives the reports about a message that the model does not know yet.
func (m *model) reportsOf(t *rapid.T, id smsengine.MessageID) []smsengine.MessageID {
	ms, err := m.bed.store.List(m.bed.ctx(), smsengine.Filter{About: id})
	if err != nil {
		t.Fatal(err)
	}
	var out []smsengine.MessageID
	for _, r := range ms {
		if _, known := m.msgs[r.ID]; !known {
			out = append(out, r.ID)
		}
	}
	return out
}

// due compares what time has brought about with what the states say, and
// records it.
func (m *model) due(t *rapid.T) {
	es, err := m.bed.store.Due(m.bed.ctx(), m.node(), m.now, 1e6)
	if err != nil {
		t.Fatal(err)
	}
	es = slices.DeleteFunc(es, func(e smsengine.Event) bool { _, mine := m.msgs[e.Message]; return !mine })
	var got, want []string
	for _, e := range es {
		got = append(got, fmt.Sprint(e.Kind, " ", e.Message))
	}
	for _, id := range m.ids {
		msg := m.msgs[id]
		for _, e := range []smsengine.Event{{Kind: smsengine.Lost, Attempt: msg.Attempt}, {Kind: smsengine.TimedOut}, {Kind: smsengine.Delayed}} {
			if e.Kind == smsengine.Lost && msg.Lease.Node == m.node() && msg.Lease.Until.After(m.now) {
				continue // it is ours, and we live
			}
			if _, _, err := msg.Apply(e, m.now); err == nil {
				want = append(want, fmt.Sprint(e.Kind, " ", id))
			}
		}
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Fatalf("due %q\nwant %q", got, want)
	}
	for _, e := range es {
		rs, err := m.bed.store.Record(m.bed.ctx(), []smsengine.Event{e})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.apply(t, e, rs[0].Reports); ok != (rs[0].Err == nil) {
			t.Fatalf("%s was due, and: %v", e.Kind, rs[0].Err)
		}
	}
}

// crash begins another life of the node, now and then with a new start of the
// store.
func (m *model) crash(t *rapid.T) {
	m.life++
	if rapid.IntRange(0, 4).Draw(t, "reopen") == 0 {
		m.bed.reopen()
	}
}

func (m *model) compareOne(t *rapid.T, id smsengine.MessageID) {
	got, err := m.bed.store.Message(m.bed.ctx(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := differences(got, m.msgs[id]); diff != "" {
		t.Fatalf("message %s: %s", id, diff)
	}
	es, err := m.bed.store.Trace(m.bed.ctx(), id)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range es {
		kinds = append(kinds, string(e.Kind))
	}
	if !slices.Equal(kinds, m.logs[id]) {
		t.Fatalf("the trace of %s is %s\nwant %s", id, strings.Join(kinds, " "), strings.Join(m.logs[id], " "))
	}
}

func (m *model) compare(t *rapid.T) {
	for _, id := range m.ids {
		m.compareOne(t, id)
	}
	for c, used := range m.used {
		if u, err := m.bed.store.Usage(m.bed.ctx(), c); err != nil || u.Used != used {
			t.Fatalf("%d are on %+v, want %d (%v)", u.Used, c, used, err)
		}
	}
	m.compareLinks(t)
	m.compareAnswers(t)
}
