package smsengine_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

// phones is a gateway that answers as its script says and remembers what it got.
type phones struct {
	mu     sync.Mutex
	script []error // of the next sends; nil and beyond the end: taken
	got    []smsengine.Delivery
	hold   chan struct{} // not nil: sends wait for it, or for their context
	begun  chan struct{}
}

func (p *phones) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	if p.begun != nil {
		p.begun <- struct{}{}
	}
	if p.hold != nil {
		select {
		case <-p.hold:
		case <-ctx.Done():
			return smsengine.Taking{}, ctx.Err()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, d)
	if len(p.script) > 0 {
		err := p.script[0]
		p.script = p.script[1:]
		if err != nil {
			return smsengine.Taking{}, err
		}
	}
	return smsengine.Taking{Ours: smsengine.Phone("+15555550100")}, nil
}

func (p *phones) texts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, d := range p.got {
		out = append(out, d.Message.Parts[d.Part].Text)
	}
	return out
}

// mta is the mail gateway.
type mta struct{ phones }

func (*mta) Whole() bool   { return true }
func (*mta) Repeats() bool { return true }
func (m *mta) Send(ctx context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	_, err := m.phones.Send(ctx, d)
	return smsengine.Taking{Delivered: true}, err
}

// outgoing stands for the real list: a number, an account, one part a word.
type outgoing struct{}

func (outgoing) Name() string { return "all" }
func (outgoing) Do(_ context.Context, d *smsengine.Draft) error {
	d.Message.To = smsengine.Phone(d.Recipient.Address)
	d.Message.Account = "john"
	d.Message.Route = smsengine.Over("sim")
	d.Message.Expires = d.Now.Add(time.Hour)
	d.Message.LinkFor = time.Hour
	d.Message.Cost = 1
	if !d.Preview {
		for _, w := range strings.Fields(d.Message.Body.Text) {
			d.Message.Parts = append(d.Message.Parts, smsengine.Part{Text: w})
		}
		d.Message.Cost = len(d.Message.Parts)
	}
	month := smsengine.Counter{Account: "john", Period: "2026-11"}
	d.Message.Charges = []smsengine.Charge{{Counter: month, Amount: d.Message.Cost}}
	d.Limits = smsengine.Limits{month: {Most: 5}}
	return nil
}

type incoming struct{}

func (incoming) Name() string { return "all" }
func (incoming) Do(_ context.Context, d *smsengine.Draft) error {
	d.Message.To, d.Message.Route = smsengine.Mailbox("john@example.org"), smsengine.Over(smsengine.MailGateway)
	return nil
}

// bench is an engine with everything around it.
type bench struct {
	t      *testing.T
	cfg    smsengine.Config
	engine *smsengine.Engine
	store  smsengine.Store
	sim    *phones
	mail   *mta
	stop   func()
}

func newBench(t *testing.T, change func(*bench)) *bench {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "postel.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, store: store, sim: &phones{}, mail: &mta{}}
	b.cfg = smsengine.Config{
		Node: "here", Store: store,
		Outgoing: []smsengine.Stage{outgoing{}}, Incoming: []smsengine.Stage{incoming{}},
		Retry: smsengine.Retry{First: time.Millisecond, Max: time.Millisecond},
		Sweep: 20 * time.Millisecond,
		Gateways: map[string]smsengine.Lane{
			"sim":                 {Gateway: b.sim, Concurrency: 4},
			smsengine.MailGateway: {Gateway: b.mail, Concurrency: 4},
		},
	}
	if change != nil {
		change(b)
	}
	b.run()
	t.Cleanup(func() {
		b.stop()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	b.engine = smsengine.New(b.cfg)
	go func() {
		b.engine.Run(ctx, 5*time.Second)
		close(done)
	}()
	b.stop = func() { cancel(); <-done }
}

func (b *bench) submit(text string, to ...string) []smsengine.Outcome {
	var rs []smsengine.Recipient
	for _, n := range to {
		rs = append(rs, smsengine.Recipient{Address: n})
	}
	return b.engine.Submit(context.Background(), smsengine.Submission{
		Source: smsengine.Source{
			Door: "test", Sender: smsengine.Mailbox("john@example.org"), MessageID: text + "@example.org",
		},
		Body: smsengine.Body{Text: text}, Recipients: rs,
	})
}

// until waits for the message to reach the state.
func (b *bench) until(id smsengine.MessageID, want smsengine.State) smsengine.Message {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		m, err := b.store.Message(context.Background(), id)
		if err != nil {
			b.t.Fatal(err)
		}
		if m.State == want {
			return m
		}
		if time.Now().After(deadline) {
			es, _ := b.store.Trace(context.Background(), id)
			b.t.Fatalf("message is %s, not %s: %+v", m.State, want, es)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (b *bench) trace(id smsengine.MessageID) string {
	b.t.Helper()
	es, err := b.store.Trace(context.Background(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	var kinds []string
	for _, e := range es {
		if e.At.IsZero() {
			b.t.Errorf("event %s has no time", e.Kind)
		}
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

func (b *bench) wantTrace(id smsengine.MessageID, want string) {
	b.t.Helper()
	if got := b.trace(id); got != want {
		b.t.Errorf("trace is %q, want %q", got, want)
	}
}

func fail(c smsengine.Class) error {
	return smsengine.Fail("sim", c, "4.4.4", "the network said so", errors.New("secret cause"))
}

func TestPartsGoInOrderEachRecorded(t *testing.T) {
	b := newBench(t, nil)
	id := b.submit("one two three", "+15555550101")[0].ID
	b.until(id, smsengine.Sent)
	b.wantTrace(id, "accepted claimed part part taken")
	if got := strings.Join(b.sim.texts(), " "); got != "one two three" {
		t.Errorf("the phone got %q", got)
	}
	links, err := b.store.Links(context.Background(), smsengine.Phone("+15555550100"), smsengine.Phone("+15555550101"), time.Now())
	if err != nil || len(links) != 1 || links[0].Message != id {
		t.Errorf("links %+v, %v", links, err)
	}
}

func TestTemporaryFailureContinuesBehindWhatLeft(t *testing.T) {
	b := newBench(t, func(b *bench) {
		b.sim.script = []error{nil, fail(smsengine.Temporary), fail(smsengine.Temporary)}
	})
	id := b.submit("one two", "+15555550101")[0].ID
	b.until(id, smsengine.Sent)
	b.wantTrace(id, "accepted claimed part deferred claimed deferred claimed taken")
	if got := strings.Join(b.sim.texts(), " "); got != "one two two two" {
		t.Errorf("the phone was offered %q", got)
	}
}

func TestPermanentFailureIsReportedAndRefunded(t *testing.T) {
	b := newBench(t, func(b *bench) { b.sim.script = []error{fail(smsengine.Permanent)} })
	id := b.submit("one two", "+15555550101")[0].ID
	b.until(id, smsengine.Failed)
	u, err := b.store.Usage(context.Background(), smsengine.Counter{Account: "john", Period: "2026-11"})
	if err != nil || u.Used != 0 {
		t.Errorf("usage %+v, %v: nothing left, so nothing is paid", u, err)
	}
	reports, err := b.store.List(context.Background(), smsengine.Filter{About: id})
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports %+v, %v", reports, err)
	}
	r := b.until(reports[0].ID, smsengine.Delivered)
	if r.To.Value != "john@example.org" || r.Body.Notice.Action != smsengine.ActionFailed {
		t.Errorf("report %+v", r)
	}
	if d := b.mail.got[0]; d.About == nil || d.About.ID != id || d.Source.MessageID != "one two@example.org" {
		t.Errorf("the MTA got %+v without what it is about", d)
	}
}

func TestUnsureIsRepeatedOnlyByPolicy(t *testing.T) {
	b := newBench(t, func(b *bench) { b.sim.script = []error{fail(smsengine.Uncertain)} })
	id := b.submit("one", "+15555550101")[0].ID
	b.until(id, smsengine.Unsure)
	time.Sleep(100 * time.Millisecond) // several sweeps
	b.wantTrace(id, "accepted claimed in-doubt")
	if _, err := b.engine.Request(context.Background(), id, smsengine.RepeatReq, "admin"); err != nil {
		t.Fatal(err)
	}
	b.until(id, smsengine.Sent)

	c := newBench(t, func(b *bench) {
		b.cfg.Repeat = 1
		b.sim.script = []error{fail(smsengine.Uncertain), fail(smsengine.Uncertain)}
	})
	id = c.submit("one", "+15555550101")[0].ID
	c.until(id, smsengine.Unsure)
	c.wantTrace(id, "accepted claimed in-doubt claimed in-doubt")
}

// A process that dies leaves its attempts leased. Its next life must not send
// them again, and must not leave them.
func TestNextLifeFindsWhatWasInFlight(t *testing.T) {
	b := newBench(t, nil)
	b.stop()
	text := b.submit("one", "+15555550101")[0].ID
	now := time.Now().UTC()
	ds, err := b.store.Claim(context.Background(), smsengine.Claim{
		Node: "here/dead", Room: map[string]int{"sim": 1}, Now: now.Add(time.Second), Until: now.Add(time.Hour),
	})
	if err != nil || len(ds) != 1 {
		t.Fatal(ds, err)
	}
	b.run()
	m := b.until(text, smsengine.Unsure)
	if m.Parts[0].State != smsengine.PartUnsure || len(b.sim.texts()) != 0 {
		t.Errorf("after the crash: %+v, sent %v", m.Parts, b.sim.texts())
	}
	// The report on it goes out, although it too is claimed by the new life only.
	reports, err := b.store.List(context.Background(), smsengine.Filter{About: text})
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports %+v, %v", reports, err)
	}
	b.until(reports[0].ID, smsengine.Delivered)
}

// Mail carries a stable Message-ID, so an unsure one is simply sent again.
func TestMailInDoubtIsRepeated(t *testing.T) {
	b := newBench(t, func(b *bench) { b.mail.script = []error{fail(smsengine.Uncertain), fail(smsengine.Uncertain)} })
	part := smsengine.IncomingPart{From: smsengine.Phone("+15555550101"), To: smsengine.Phone("+15555550100"), Text: "hi"}
	if err := b.engine.Sink("sim").Incoming(context.Background(), part); err != nil {
		t.Fatal(err)
	}
	b.until(b.one(smsengine.Incoming), smsengine.Delivered)
	if n := len(b.mail.texts()); n != 3 {
		t.Errorf("handed to the MTA %d times", n)
	}
}

func (b *bench) one(kind smsengine.Kind) smsengine.MessageID {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		ms, err := b.store.List(context.Background(), smsengine.Filter{Kind: kind})
		if err != nil {
			b.t.Fatal(err)
		}
		if len(ms) > 0 {
			return ms[0].ID
		}
		time.Sleep(2 * time.Millisecond)
	}
	b.t.Fatalf("no message of kind %s", kind)
	return ""
}

func TestLongTextFromAPhoneInAnyOrder(t *testing.T) {
	b := newBench(t, nil)
	sink := b.engine.Sink("sim")
	for _, seq := range []int{3, 1, 1, 2} {
		err := sink.Incoming(context.Background(), smsengine.IncomingPart{
			From: smsengine.Phone("+15555550101"), To: smsengine.Phone("+15555550100"),
			Ref: 7, Seq: seq, Total: 3, Text: []string{"a", "b", "c"}[seq-1], Dedupe: string(rune('0' + seq)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	m := b.until(b.one(smsengine.Incoming), smsengine.Delivered)
	if m.Body.Text != "abc" {
		t.Errorf("the text is %q", m.Body.Text)
	}
}

func TestIncompleteTextIsDeliveredMarked(t *testing.T) {
	b := newBench(t, func(b *bench) { b.cfg.Incomplete = 50 * time.Millisecond })
	err := b.engine.Sink("sim").Incoming(context.Background(), smsengine.IncomingPart{
		From: smsengine.Phone("+15555550101"), To: smsengine.Phone("+15555550100"), Ref: 7, Seq: 2, Total: 3, Text: "b",
	})
	if err != nil {
		t.Fatal(err)
	}
	m := b.until(b.one(smsengine.Incoming), smsengine.Delivered)
	if got := m.Body.Received.Missing; len(got) != 2 || got[0] != 1 || got[1] != 3 {
		t.Errorf("missing %v", got)
	}
}

func TestDrainWaitsForTheAttemptUnderWay(t *testing.T) {
	hold := make(chan struct{})
	b := newBench(t, func(b *bench) { b.sim.hold, b.sim.begun = hold, make(chan struct{}, 10) })
	id := b.submit("one", "+15555550101")[0].ID
	<-b.sim.begun
	stopped := make(chan struct{})
	go func() { b.stop(); close(stopped) }()
	time.AfterFunc(50*time.Millisecond, func() { close(hold) })
	<-stopped
	b.until(id, smsengine.Sent)
	b.stop = func() {}
}

// What cannot finish in time is in doubt, and said to be.
func TestDrainThatRunsOutLeavesDoubt(t *testing.T) {
	b := newBench(t, func(b *bench) { b.sim.hold, b.sim.begun = make(chan struct{}), make(chan struct{}, 10) })
	b.stop()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	b.engine = smsengine.New(b.cfg)
	go func() { b.engine.Run(ctx, 20*time.Millisecond); close(done) }()
	b.stop = func() {}
	id := b.submit("one", "+15555550101")[0].ID
	<-b.sim.begun
	cancel()
	<-done
	b.until(id, smsengine.Unsure)
}

func TestSubmitAnswersEachRecipient(t *testing.T) {
	b := newBench(t, nil)
	out := b.submit("one two", "+15555550101", "+15555550101", "+15555550102", "+15555550103")
	if out[0].ID == "" || !out[1].Duplicate || out[1].ID != out[0].ID {
		t.Errorf("two spellings of one number: %+v", out[:2])
	}
	if out[2].Err != nil || out[3].Err == nil || out[3].Err.Code != "5.2.2" || out[3].Err.Class != smsengine.Permanent {
		t.Errorf("limit of 5 parts, 2 each: %+v", out[2:])
	}
	if again := b.submit("one two", "+15555550101"); !again[0].Duplicate || again[0].ID != out[0].ID {
		t.Errorf("the same mail again: %+v", again)
	}
}

func TestCancelWhileSendingTakesEffectAfter(t *testing.T) {
	hold := make(chan struct{})
	b := newBench(t, func(b *bench) {
		b.sim.hold, b.sim.begun = hold, make(chan struct{}, 10)
		b.sim.script = []error{fail(smsengine.Temporary)}
	})
	id := b.submit("one", "+15555550101")[0].ID
	<-b.sim.begun
	if _, err := b.engine.Request(context.Background(), id, smsengine.CancelReq, "admin"); err != nil {
		t.Fatal(err)
	}
	close(hold)
	b.until(id, smsengine.Cancelled)
	b.wantTrace(id, "accepted claimed cancel deferred")
}

func TestNoSecretCauseInTrace(t *testing.T) {
	b := newBench(t, func(b *bench) { b.sim.script = []error{fail(smsengine.Permanent)} })
	id := b.submit("one", "+15555550101")[0].ID
	b.until(id, smsengine.Failed)
	es, err := b.store.Trace(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		if strings.Contains(e.Status.Text, "secret") {
			t.Errorf("the private cause is in the trace: %+v", e)
		}
	}
}

// unlimited comes after outgoing and takes the limit away.
type unlimited struct{}

func (unlimited) Name() string { return "unlimited" }
func (unlimited) Do(_ context.Context, d *smsengine.Draft) error {
	d.Limits = nil
	return nil
}

// A text for which there is a place is stored as begun; one that finds none
// waits, and nobody who comes later overtakes it.
func TestNobodyIsOvertaken(t *testing.T) {
	hold := make(chan struct{})
	b := newBench(t, func(b *bench) {
		b.sim.hold, b.sim.begun = hold, make(chan struct{}, 1000)
		b.cfg.Gateways["sim"] = smsengine.Lane{Gateway: b.sim, Concurrency: 1}
		b.cfg.Outgoing = append(b.cfg.Outgoing, unlimited{})
	})
	var want []string
	for n := range 300 {
		text := strconv.Itoa(n)
		want = append(want, text)
		if out := b.submit(text, "+15555550101"); out[0].Err != nil {
			t.Fatal(out[0].Err)
		}
		switch n {
		case 0:
			<-b.sim.begun
		case 2:
			close(hold) // from here on places come free while texts come in
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for len(b.sim.texts()) < len(want) && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if got := strings.Join(b.sim.texts(), " "); got != strings.Join(want, " ") {
		t.Errorf("sent in the order %q, want %q", got, want)
	}
}
