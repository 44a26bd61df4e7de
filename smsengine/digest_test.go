package smsengine_test

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/gateway/deed"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/rule"
	"github.com/postel-mail/postel/smsengine/stage"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

const (
	digestAfter  = 2
	digestWithin = 10 * time.Minute
)

// night is a site whose texts to phones are gathered, with a clock of its own. It
// does what an engine does, one transaction at a time, and may die between any two.
type night struct {
	t       *rapid.T
	path    string
	now     time.Time
	lives   int
	n       int
	store   *sqlite.Store
	stages  stage.Config
	engine  *smsengine.Engine
	gateway *deed.Gateway

	accepted []arrival
	counted  map[string]int // by phone and window
}

// arrival is a text that was accepted, and what a model says of it.
type arrival struct {
	id       smsengine.MessageID
	text     string
	gathered bool
}

func newNight(t *rapid.T, dir string) *night {
	w := &night{t: t, path: filepath.Join(dir, "postel.db"), now: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), counted: map[string]int{}}
	parser, err := phone.New(phone.Rules{Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US"})
	if err != nil {
		t.Fatal(err)
	}
	set, err := rule.Parse(fstest.MapFS{}, "outgoing.toml", fmt.Appendf(nil, "[[rule]]\ntitle = \"night\"\nif.always = true\nthen.digest = { after = %d, within = %q, parts = 10 }\n",
		digestAfter, digestWithin), rule.Outgoing, rule.Site{})
	if err != nil {
		t.Fatal(err)
	}
	w.stages = stage.Config{
		Parser: parser, Phones: []string{"sim"}, Expiry: time.Hour, LinkFor: time.Hour,
		Accounts: &account.Decider{Passwords: account.NewVerifier(nil), Site: account.Site{
			Domains: []string{"example.org"}, Location: time.UTC, Administrator: smsengine.Mailbox("postmaster@example.org"),
			Policy: smsengine.Policy{Send: new(true), Rate: new(smsengine.Rate{}), Identical: new(smsengine.Rate{}), MonthlyLimit: new(1000)},
		}},
		Rules: stage.Rules{Outgoing: func() *rule.Set { return set }},
	}
	w.begin()
	return w
}

// begin is the start of a life.
func (w *night) begin() {
	var err error
	if w.store, err = sqlite.Open(w.path, sqlite.Options{}); err != nil {
		w.t.Fatal(err)
	}
	w.lives++
	w.engine = smsengine.New(smsengine.Config{Node: "here", Store: w.store, Outgoing: stage.Outgoing(w.stages), Now: func() time.Time { return w.now }})
	w.gateway, err = deed.New(deed.Options{Texts: w.store, Digest: func(ctx context.Context, d smsengine.Delivery, by rule.Digest, texts iter.Seq[smsengine.Message]) (smsengine.Message, error) {
		return w.stages.Digest(ctx, w.store, d.Message, by, texts, d.At)
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *night) node() string { return fmt.Sprint("here/", w.lives) }

// die ends the life as kill -9 does, as far as the Store is concerned, and begins
// the next, which finds what was under way.
func (w *night) die() {
	w.end()
	w.begin()
	due, err := w.store.Due(context.Background(), w.node(), w.now, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range due {
		if e.Kind == smsengine.Lost {
			e.Until = w.now // a digest is repeated
			w.record(e)
		}
	}
}

func (w *night) end() {
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *night) record(es ...smsengine.Event) {
	rs, err := w.store.Record(context.Background(), es)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range rs {
		if r.Err != nil {
			w.t.Fatal(r.Err)
		}
	}
}

// arrive hands a text in, perhaps twice, and asks at RCPT time before.
func (w *night) arrive(who, to, text string, again bool) {
	w.n++
	src := smsengine.Source{Door: "test", Sender: smsengine.Mailbox(who), MessageID: fmt.Sprint(w.n, "@example.org"),
		Identity: smsengine.Identity{Method: smsengine.MethodAuth, User: who}}
	r := smsengine.Recipient{Address: to + "@sms.example.org"}
	if _, err := w.engine.Check(context.Background(), &src, r, 0); err != nil {
		w.t.Fatal(err)
	}
	sub := smsengine.Submission{Source: src, Body: smsengine.Body{Text: text}, Recipients: []smsengine.Recipient{r}}
	o := w.engine.Submit(context.Background(), sub)[0]
	if o.Err != nil {
		w.t.Fatal(o.Err)
	}
	if again {
		if o := w.engine.Submit(context.Background(), sub)[0]; !o.Duplicate {
			w.t.Fatalf("%+v", o)
		}
	}
	at := w.now.Truncate(digestWithin)
	window := func(at time.Time) string { return to + at.String() }
	w.counted[window(at)]++
	w.accepted = append(w.accepted, arrival{o.ID, text, w.counted[window(at)] > digestAfter || w.counted[window(at.Add(-digestWithin))] > digestAfter})
}

// tell has digests told that are due, one after the other. Between any two
// transactions it may die.
func (w *night) tell(dies func() bool) {
	for {
		ds, err := w.store.Claim(context.Background(), smsengine.Claim{Node: w.node(), Room: map[string]int{smsengine.RulesGateway: 1}, Now: w.now, Until: w.now.Add(time.Minute)})
		if err != nil {
			w.t.Fatal(err)
		}
		if len(ds) == 0 {
			return
		}
		if dies() {
			w.die()
			return
		}
		taking, err := w.gateway.Send(context.Background(), ds[0])
		if err != nil {
			w.t.Fatal(err)
		}
		if dies() {
			w.die()
			return
		}
		w.record(smsengine.Event{Message: ds[0].Message.ID, Kind: smsengine.Taken, At: w.now, Attempt: ds[0].Message.Attempt, Gateway: smsengine.RulesGateway, Taken: taking})
	}
}

var digestHead = regexp.MustCompile(`^(\d+) more texts? from `)

// check finds each text told once: by itself, or in one digest.
func (w *night) check() {
	ctx := context.Background()
	in := map[smsengine.MessageID][]string{} // by digest
	for _, a := range w.accepted {
		m, err := w.store.Message(ctx, a.id)
		if err != nil {
			w.t.Fatal(err)
		}
		if m.Gathered() != a.gathered {
			w.t.Fatalf("%s at %s: gathered %v, and should be %v", a.id, m.Created, m.Gathered(), a.gathered)
		}
		switch {
		case !m.Gathered() && (m.State != smsengine.Ready || len(m.Charges) == 0):
			w.t.Fatalf("%+v", m)
		case m.Gathered() && len(m.Charges) > 0:
			w.t.Fatalf("%s costs %v", m.ID, m.Charges)
		case m.Gathered():
			in[m.About] = append(in[m.About], a.text)
		}
	}
	cost := 0
	for digest, texts := range in {
		d, err := w.store.Message(ctx, digest)
		if err != nil || d.State != smsengine.Delivered || d.Attempt == 0 {
			w.t.Fatalf("the digest %+v, %v", d, err)
		}
		cost += w.checkTold(digest, texts)
	}
	for _, a := range w.accepted {
		if !a.gathered {
			cost++
		}
	}
	used := 0
	for _, who := range []string{"john@example.org", "anna@example.org"} {
		u, err := w.store.Usage(ctx, smsengine.Counter{Account: who, Period: "2026-11"})
		if err != nil {
			w.t.Fatal(err)
		}
		used += u.Used
	}
	if used != cost {
		w.t.Fatalf("%d parts were charged, and %d are to be sent", used, cost)
	}
}

// checkTold sees to it that there is one text of a digest, and that it tells of all
// that were gathered. It gives what that text costs.
func (w *night) checkTold(digest smsengine.MessageID, texts []string) int {
	about, err := w.store.List(context.Background(), smsengine.Filter{About: digest, Kind: smsengine.Text, Limit: 10000})
	if err != nil {
		w.t.Fatal(err)
	}
	var told []smsengine.Message
	for _, m := range about {
		if !m.Gathered() {
			told = append(told, m)
		}
	}
	if len(told) != 1 || len(about) != len(texts)+1 {
		w.t.Fatalf("%d texts tell of %d, of which %d are about the digest", len(told), len(texts), len(about)-len(told))
	}
	lines := strings.Split(told[0].Body.Text, "\n")
	if n := digestHead.FindStringSubmatch(lines[0]); n == nil || n[1] != strconv.Itoa(len(texts)) {
		w.t.Fatalf("%d were gathered, and it says %q", len(texts), lines[0])
	}
	count := map[string]int{}
	for _, line := range lines[1:] {
		times, text, many := strings.Cut(line, "x ")
		n, err := strconv.Atoi(times)
		if !many || err != nil {
			n, text = 1, line
		}
		count[text] += n
	}
	for _, text := range texts {
		if count[text]--; count[text] < 0 {
			w.t.Fatalf("%q is told too seldom:\n%s", text, told[0].Body.Text)
		}
	}
	return told[0].Cost
}

// Whatever comes when, and wherever it dies: every text that was accepted goes by
// itself or is told of in exactly one digest, the limit and the window are kept, and
// what is charged is what is sent. It tries for some seconds, or as long as
// -rapid.checks says.
func TestDigests(t *testing.T) {
	began := time.Now()
	rapid.Check(t, func(rt *rapid.T) {
		if time.Since(began) > 8*time.Second && flag.Lookup("rapid.checks").Value.String() == "100" {
			return
		}
		w := newNight(rt, t.TempDir())
		defer w.end()
		never := func() bool { return false }
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0:
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 900).Draw(rt, "seconds")) * time.Second)
			case 1:
				w.tell(func() bool { return rapid.IntRange(0, 2).Draw(rt, "dies") == 0 })
			case 2:
				w.die()
			case 3: // decided in time, stored late: the digest has been told
				now := w.now
				w.now = now.Truncate(digestWithin).Add(-time.Millisecond)
				w.arrive("john@example.org", "+15555550123", "late", false)
				w.now = now
			default:
				w.now = w.now.Add(time.Duration(rapid.IntRange(0, 60000).Draw(rt, "ms")) * time.Millisecond)
				w.arrive(rapid.SampledFrom([]string{"john@example.org", "anna@example.org"}).Draw(rt, "who"), rapid.SampledFrom([]string{"+15555550123", "+15555550124"}).Draw(rt, "to"),
					rapid.SampledFrom([]string{"disk full", "link down", "fan stopped"}).Draw(rt, "text"), rapid.Bool().Draw(rt, "again"))
			}
		}
		w.now = w.now.Add(2 * digestWithin)
		w.tell(never)
		w.check()
	})
}
