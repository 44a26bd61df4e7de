package sms

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/stage"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
	"github.com/postel-mail/postel/transport/httpapi"
)

// The secrets of the bed, none of which may be in any log.
const (
	password = "hush-password+&"
	token    = "hush-token"
	pin      = "hush-1234567"
)

// bed is the real engine with its stages and store behind the handler; it does
// not run, so that what it took stays where it is.
type bed struct {
	store  *sqlite.Store
	engine *smsengine.Engine
	server *httpapi.Server
	key    string // of the account shop, for +15555550123
	log    *bytes.Buffer
	dir    string // of the store
}

var phones = func() *phone.Parser {
	p, err := phone.New(phone.Rules{PhoneDomains: []string{"sms.example.org"}, Region: "US", ShortCodes: []string{"72727"}})
	if err != nil {
		panic(err)
	}
	return p
}()

func newBed(t testing.TB, change func(*httpapi.Options)) *bed {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlite.Open(filepath.Join(dir, "postel.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b := &bed{store: store, dir: dir, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(&locked{w: b.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.accounts(t)
	accounts := &account.Decider{Site: account.Site{Domains: []string{"example.org"}}, Passwords: account.NewVerifier(nil)}
	b.engine = smsengine.New(smsengine.Config{
		Node: "here", Store: store, Log: log,
		Outgoing: stage.Outgoing(stage.Config{
			Parser: phones, Accounts: accounts, Phones: []string{"office", "spare"}, Expiry: 24 * time.Hour,
		}),
	})
	h := New(Options{
		Desk: b.engine, Logins: logins{accounts, store}, Phones: phones, Prefix: "sms", Domain: "sms.example.org",
		Gateways: b, Log: log,
	})
	o := httpapi.Options{Mounts: map[string]http.Handler{"/sms/": h}, PlainAuth: true, Rate: -1, Log: log}
	if change != nil {
		change(&o)
	}
	b.server = httpapi.New(o)
	return b
}

// accounts are shop, which may do anything, and poor, which may send one part a
// month and cannot choose a sender.
func (b *bed) accounts(t testing.TB) {
	hash, err := account.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	shop, poor := account.New("shop", now), account.New("poor", now)
	shop.Password, poor.Password = hash, hash
	shop.Owns, shop.Contact = []string{"shop@example.org"}, "shop@example.org"
	shop.Policy.Sender, shop.Policy.Rate, shop.Policy.Identical = new("*"), new(smsengine.Rate{}), new(smsengine.Rate{})
	poor.Policy.MonthlyLimit = new(1)
	secret, key := account.NewKey("shop", "+15555550123", "", now)
	b.key = secret
	for _, err := range []error{b.store.PutAccount(t.Context(), shop), b.store.PutAccount(t.Context(), poor), b.store.PutKey(t.Context(), key)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Open knows one gateway.
func (b *bed) Open(_ context.Context, id, pass string, _ smsengine.Identity) (smsengine.Sink, error) {
	if id != "office" || pass != pin {
		return nil, smsengine.Fail("deliver", smsengine.Permanent, "5.7.8", "wrong gateway or password", nil)
	}
	return b.engine.Sink(id), nil
}

// logins are those of the store, and one token that may do nothing but read.
type logins struct {
	accounts *account.Decider
	store    *sqlite.Store
}

func (l logins) Password(ctx context.Context, users []string, password string, from smsengine.Identity) (httpapi.Login, error) {
	dir, err := l.store.Directory(ctx)
	if err != nil {
		return httpapi.Login{}, err
	}
	id, err := l.accounts.Authenticate(ctx, dir, users, password, from)
	if errors.Is(err, account.ErrWrong) {
		err = smsengine.Fail("login", smsengine.Permanent, "5.7.8", "wrong user name or password", nil)
	}
	login := httpapi.Login{Identity: id, Account: id.User, Scopes: smsengine.ScopeSend}
	if id.User == "poor" { // who has no contact
		login.Answers = smsengine.Inbox(id.User)
	}
	return login, err
}

func (l logins) Token(_ context.Context, t string, from smsengine.Identity) (httpapi.Login, error) {
	if t != token {
		return httpapi.Login{}, smsengine.Fail("login", smsengine.Permanent, "5.7.8", "wrong token", nil)
	}
	from.Method, from.User = smsengine.MethodPassword, "shop"
	return httpapi.Login{Identity: from, Account: "shop", Scopes: smsengine.ScopeRead}, nil
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// ask makes a request. What begins with "/" is the address; the body is a form,
// or JSON if it begins with "{".
func (b *bed) ask(target, body string, header ...string) *httptest.ResponseRecorder {
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r := httptest.NewRequest(method, "http://sms.example.org/", strings.NewReader(body))
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	r.RemoteAddr = "192.0.2.7:4711"
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	return w
}

// login is what a script adds to a request.
var login = "&user=shop&pass=" + url.QueryEscape(password)

// last gives the message that an answer names.
func (b *bed) last(t *testing.T, answer string) smsengine.Message {
	t.Helper()
	words := strings.Fields(answer)
	if len(words) < 3 || words[0] != "OK" {
		t.Fatalf("the answer names no message: %q", answer)
	}
	m, err := b.store.Message(t.Context(), smsengine.MessageID(words[1]))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
