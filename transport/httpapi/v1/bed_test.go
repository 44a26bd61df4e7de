package v1_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/gateway/sim"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/stage"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
	"github.com/postel-mail/postel/transport/httpapi"
	v1 "github.com/postel-mail/postel/transport/httpapi/v1"
)

const (
	ours   = "+15555550100"
	theirs = "+15555550123"
)

// bed is a whole Postel without mail: the interface on its listener, the engine, a
// store, and a simulated telephone network.
type bed struct {
	*testing.T
	url     string
	store   *sqlite.Store
	engine  *smsengine.Engine
	network *sim.Network
	decider *account.Decider
	log     *buffer
	program program // whom webhooks call
	token   string  // of the account shop, for all but admin
}

// program is one that is called by all webhooks: it answers as it is told, and
// remembers what it got.
type program struct {
	mu   sync.Mutex
	err  error // what comes of calls
	told []string
}

func (p *program) Send(_ context.Context, d smsengine.Delivery) (smsengine.Taking, error) {
	document, err := v1.Event(d)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, string(document))
	return smsengine.Taking{Whole: true, Delivered: true}, errors.Join(err, p.err)
}

func (p *program) answer(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *program) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.told)
}

func (b *bed) try(ctx context.Context, w smsengine.Webhook) v1.Trial {
	if _, err := b.program.Send(ctx, smsengine.SampleCall(w, time.Now())); err != nil {
		return v1.Trial{Status: 500, Problem: smsengine.StatusOf(err).Text}
	}
	return v1.Trial{Taken: true, Status: 204, Millis: 7}
}

func checkURL(url string) error {
	if !strings.HasPrefix(url, "https://") {
		return errors.New("write https://")
	}
	return nil
}

// buffer is a log that goroutines share.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// letters takes all mail.
type letters struct{}

func (letters) Send(context.Context, smsengine.Delivery) (smsengine.Taking, error) {
	return smsengine.Taking{Whole: true, Delivered: true}, nil
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{T: t, network: sim.NewNetwork(), log: new(buffer)}
	log := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if b.store, err = sqlite.Open(filepath.Join(t.TempDir(), "postel.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	parser, err := phone.New(phone.Rules{Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US"})
	if err != nil {
		t.Fatal(err)
	}
	site := account.Site{Domains: []string{"example.org"}, Policy: smsengine.Policy{Rate: new(smsengine.Rate), Identical: new(smsengine.Rate)}}
	b.decider = &account.Decider{Site: site, Passwords: account.NewVerifier(nil)}
	quick := sim.Default()
	quick.ReceiptDelay = 0
	gateway, err := sim.New("sim", ours, quick, b.network)
	if err != nil {
		t.Fatal(err)
	}
	stages := stage.Config{
		Parser: parser, Accounts: b.decider, Phones: []string{"sim"},
		Numbers: map[string]smsengine.Address{"sim": smsengine.Phone(ours)},
		Expiry:  5 * 24 * time.Hour, LinkFor: 7 * 24 * time.Hour,
		Reception: stage.Reception{DefaultRecipient: map[string]smsengine.Address{"sim": smsengine.Mailbox("office@example.org")}},
	}
	b.engine = smsengine.New(smsengine.Config{
		Node: "here", Store: b.store, Log: log,
		Gateways: map[string]smsengine.Lane{
			"sim":                    {Gateway: gateway, Number: smsengine.Phone(ours), Concurrency: 8},
			smsengine.MailGateway:    {Gateway: letters{}},
			smsengine.WebhookGateway: {Gateway: &b.program},
		},
		Outgoing: stage.Outgoing(stages), Incoming: stage.Incoming(stages),
	})
	b.put("shop", nil)
	b.put("rival", nil)
	b.token = b.newToken("shop", "send,read,incoming,webhooks", time.Time{})
	server := httptest.NewServer(httpapi.New(httpapi.Options{
		Mounts: map[string]http.Handler{"/v1/": v1.New(v1.Options{
			Logins: logins{b}, Desk: b.engine, Operator: b.engine, Store: b.store, Usage: b.usage,
			Webhooks: v1.Webhooks{
				Store: b.store, Engine: b.engine, Check: checkURL, Try: b.try,
				Secret: func(url string) ([]byte, string) {
					if strings.Contains(url, "%%") {
						return []byte("hush"), ""
					}
					return []byte("hush"), "whsec_aHVzaA=="
				},
			},
			Phones: parser, Domain: "sms.example.org", Log: log,
		})},
		Rate: -1, PerClient: 10000, Log: log,
	}))
	b.url = server.URL
	ctx, stop := context.WithCancel(context.Background())
	running := make(chan struct{})
	go func() { b.engine.Run(ctx, time.Second); close(running) }()
	t.Cleanup(func() {
		server.Close()
		stop()
		<-running
		b.store.Close()
	})
	return b
}

// logins knows tokens.
type logins struct{ b *bed }

func (l logins) Password(context.Context, []string, string, smsengine.Identity) (httpapi.Login, error) {
	return httpapi.Login{}, wrongLogin
}

var wrongLogin = smsengine.Fail("login", smsengine.Permanent, "5.7.8", "the token is wrong, or was revoked or expired", nil)

func (l logins) Token(ctx context.Context, token string, from smsengine.Identity) (httpapi.Login, error) {
	dir, err := l.b.store.Directory(ctx)
	if err != nil {
		return httpapi.Login{}, err
	}
	k, err := l.b.decider.Token(dir, token, from.Peer, time.Now())
	if err == account.ErrWrong {
		return httpapi.Login{}, wrongLogin
	}
	from.Method, from.User, from.Key = smsengine.MethodKey, k.Account, k.ID
	return httpapi.Login{Identity: from, Account: k.Account, Scopes: k.Scopes}, err
}

func (b *bed) usage(ctx context.Context, name string) (v1.Usage, error) {
	if dir, err := b.store.Directory(ctx); err != nil {
		return v1.Usage{}, err
	} else if _, there := dir.Account(name); !there {
		return v1.Usage{}, smsengine.ErrNotFound
	}
	now := time.Now()
	u, err := b.store.Usage(ctx, b.decider.Month(name, now))
	return v1.Usage{
		Account: name, MaySend: true, Allow: []string{"home"}, Deny: []string{},
		Month:    v1.Month{Period: b.decider.Month(name, now).Period, Used: u.Used, Unit: "parts", ResetsAt: b.decider.Reset(now)},
		Previous: v1.Month{Period: b.decider.PreviousMonth(name, now).Period, Unit: "parts"},
	}, err
}

func (b *bed) put(name string, change func(*smsengine.Account)) {
	b.Helper()
	a := account.New(name, time.Now())
	if change != nil {
		change(&a)
	}
	if err := b.store.PutAccount(context.Background(), a); err != nil {
		b.Fatal(err)
	}
}

func (b *bed) newToken(name, scopes string, expires time.Time) string {
	b.Helper()
	may, err := smsengine.ParseScopes(scopes)
	if err != nil {
		b.Fatal(err)
	}
	secret, k := account.NewToken(name, may, "", time.Now(), expires)
	if err := b.store.PutKey(context.Background(), k); err != nil {
		b.Fatal(err)
	}
	return secret
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// into reads the body.
func (a answer) into(t testing.TB, v any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(a.body))
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}

// ask makes a request as shop; header are pairs that are set besides.
func (b *bed) ask(method, path, body string, header ...string) answer {
	b.Helper()
	r, err := http.NewRequest(method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Error(err)
		return answer{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Error(err)
	}
	a := answer{resp.StatusCode, resp.Header, string(text)}
	b.judged(r, body, a)
	return a
}

// send sends a text as shop, and gives its ID.
func (b *bed) send(body string, header ...string) string {
	b.Helper()
	var sent struct {
		Messages []struct{ ID string }
	}
	a := b.ask("POST", "/v1/messages", body, header...)
	if a.status != http.StatusAccepted {
		b.Fatalf("%d %s", a.status, a.body)
	}
	a.into(b, &sent)
	return sent.Messages[0].ID
}

// until waits until something holds.
func (b *bed) until(what string, holds func() bool) {
	b.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("never: %s", what)
		}
	}
}

type message struct {
	ID, State, To, Text, Account string
	Cost                         int
	Events                       []struct {
		Event, From, Result string
		At                  time.Time
	}
}

func (b *bed) message(id string) (m message) {
	b.Helper()
	b.ask("GET", "/v1/messages/"+id, "").into(b, &m)
	return m
}
