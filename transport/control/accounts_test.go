package control_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
	"github.com/postel-mail/postel/transport/control"
)

// accounts serves a store, and gives it and what is logged.
func accounts(t *testing.T) (*service, *sqlite.Store, *bytes.Buffer) {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "postel.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	log := new(bytes.Buffer)
	return serve(t, func(o *control.Options) { o.Accounts, o.Log = store, slog.New(slog.NewTextHandler(log, nil)) }), store, log
}

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What the client puts is what the store has, the hash included, and what was
// changed is in the log, without it.
func TestAccountsThroughTheSocket(t *testing.T) {
	s, store, log := accounts(t)
	a := account.New("alerts", now)
	a.Password, a.Members, a.Policy.MonthlyLimit = "$argon2id$secret", []string{"ops@example.org"}, new(50)
	a.Policy.Allow, a.Policy.Gateway = []string{}, new("")
	ok(t, s.PutAccount(t.Context(), a))
	dir, err := store.Directory(t.Context())
	ok(t, err)
	got, _ := dir.Account("alerts")
	a.Version = 1
	if !reflect.DeepEqual(got, a) {
		t.Errorf("stored\n%+v, want\n%+v", got, a)
	}
	got.Policy.MonthlyLimit, got.Policy.Send, got.Password, got.Contact = new(70), nil, "$argon2id$other", "ops@example.org"
	ok(t, s.PutAccount(t.Context(), got))
	ok(t, s.SetUsage(t.Context(), smsengine.Counter{Account: "alerts", Period: "2026-10"}, smsengine.Usage{Used: 7, Last: now}))
	if u, err := store.Usage(t.Context(), smsengine.Counter{Account: "alerts", Period: "2026-10"}); err != nil || u.Used != 7 || !u.Last.Equal(now) {
		t.Errorf("the counter is %+v, %v", u, err)
	}
	secret, k := account.NewKey("alerts", "+15555550123", "", now)
	ok(t, s.PutKey(t.Context(), k))
	ok(t, s.RevokeKey(t.Context(), k.ID, now))
	dir, err = store.Directory(t.Context())
	ok(t, err)
	k.Revoked = now
	if found, _ := dir.Key(account.KeyDigest(secret)); found != k {
		t.Errorf("the key is %+v, want %+v", found, k)
	}
	ok(t, s.StopAccount(t.Context(), smsengine.Stop{Account: "john/x@example.org", At: now, Reason: "the postmaster says so"}))
	dir, err = store.Directory(t.Context())
	ok(t, err)
	if stop, _ := dir.Stopped("john/x@example.org"); stop.Reason != "the postmaster says so" || !stop.At.Equal(now) {
		t.Errorf("the stop is %+v", stop)
	}
	ok(t, s.ResumeAccount(t.Context(), "john/x@example.org"))
	ok(t, s.RemoveAccount(t.Context(), "alerts"))
	what := smsengine.Suppress{Ours: smsengine.Phone("+15555550100"), Theirs: smsengine.Phone("+15555550123"), Since: now}
	ok(t, s.Suppress(t.Context(), what))
	all, err := store.Suppressions(t.Context())
	if ok(t, err); len(all) != 1 || all[0] != what {
		t.Errorf("suppressed %+v, want %+v", all, what)
	}
	what.Since = time.Time{}
	ok(t, s.Suppress(t.Context(), what))
	if err := s.Suppress(t.Context(), what); !errors.Is(err, smsengine.ErrNotFound) || !strings.Contains(err.Error(), "are not suppressed") {
		t.Errorf("a START where no STOP was: %v", err)
	}
	if err := s.Suppress(t.Context(), smsengine.Suppress{Since: now}); err == nil {
		t.Error("nobody's STOP was taken")
	}

	for _, want := range []string{
		`msg="texts suppressed" to=+15555550123 number=+15555550100 by=`, `msg="texts allowed again" to=+15555550123`,
		`msg="account added" account=alerts by=`, `change="members allow=[] gateway=\"\" monthly_limit=50 send=true password"`,
		`msg="account changed" account=alerts by=`, `change="contact monthly_limit=70 send= password"`,
		`msg="counter set" account=alerts`, `period=2026-10 used=7`,
		`msg="key made" account=alerts`, `msg="key revoked"`, `msg="account stopped" account=john/x@example.org`, `msg="account resumed"`, `msg="account removed" account=alerts`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no line of the log says %s:\n%s", want, log)
		}
	}
	for _, never := range []string{"argon2id", secret} {
		if strings.Contains(log.String(), never) {
			t.Errorf("%s is in the log", never)
		}
	}
}

// Errors of the store keep their identity over the wire.
func TestAccountErrors(t *testing.T) {
	s, _, log := accounts(t)
	a := account.New("alerts", now)
	a.Members = []string{"ops@example.org"}
	ok(t, s.PutAccount(t.Context(), a))
	again, other, gone := a, account.New("other", now), account.New("gone", now)
	again.Version, other.Members, gone.Version = 7, a.Members, 1
	_, k := account.NewKey("alerts", "+15555550123", "", now)
	ok(t, s.PutKey(t.Context(), k))
	before := log.String()
	for what, c := range map[string]struct {
		err  error
		is   error
		text string
	}{
		"a second account": {s.PutAccount(t.Context(), a), smsengine.ErrExists, "of that name already"},
		"an old version":   {s.PutAccount(t.Context(), again), smsengine.ErrChanged, "somebody else"},
		"one that is gone": {s.PutAccount(t.Context(), gone), smsengine.ErrChanged, "somebody else"},
		"a shared member":  {s.PutAccount(t.Context(), other), nil, "ops@example.org is a member of alerts already"},
		"no account":       {s.RemoveAccount(t.Context(), "nobody"), smsengine.ErrNotFound, "there is no such account"},
		"not stopped":      {s.ResumeAccount(t.Context(), "alerts"), smsengine.ErrNotFound, "was not stopped"},
		"a second key":     {s.PutKey(t.Context(), k), smsengine.ErrExists, "already"},
		"no key":           {s.RevokeKey(t.Context(), "zzzzzz", now), smsengine.ErrNotFound, "there is no such key"},
		"no name":          {s.PutAccount(t.Context(), smsengine.Account{}), nil, "needs a name"},
		"no number":        {s.PutKey(t.Context(), smsengine.Key{ID: "x", Account: "alerts"}), nil, "a key needs"},
		"less than none":   {s.SetUsage(t.Context(), smsengine.Counter{Account: "alerts", Period: "2026-11"}, smsengine.Usage{Used: -1}), nil, "less than nothing"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.text) || c.is != nil && !errors.Is(c.err, c.is) {
			t.Errorf("%s: %v", what, c.err)
		}
		if errors.Is(c.err, smsengine.ErrTransition) {
			t.Errorf("%s: %v is about messages", what, c.err)
		}
	}
	if log.String() != before {
		t.Errorf("what was refused is in the log as if it were done: %s", strings.TrimPrefix(log.String(), before))
	}
}

// A field that this version does not know may change what is meant.
func TestWrongAccountRequests(t *testing.T) {
	s, _, _ := accounts(t)
	for path, body := range map[string]string{
		"/accounts":              `{"name":"x","password":"secret"}`,
		"/accounts/x/usage":      `{"period":"2026-11","used":"many"}`,
		"/keys":                  `{"id":"x","account":"x","number":"+1","digest":"AAAA"}`,
		"/keys/x/revoke":         `"yesterday"`,
		"/accounts/x/promote":    `{}`,
		"/accounts/x/usage/more": `{}`,
	} {
		if status, answer := raw(t, s, "POST", path, body); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	without := serve(t, nil)
	if err := without.RemoveAccount(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "does not know") {
		t.Errorf("without accounts: %v", err)
	}
}
