package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/account"
)

// A token is good until it expires or is revoked; a key of addresses is none, and
// a token is no key. Wrong ones are throttled by where they come from, right ones
// never.
func TestTokens(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	good, token := account.NewToken("shop", smsengine.ScopeSend, "", now, now.Add(time.Hour))
	ended, revoked := account.NewToken("shop", smsengine.ScopeSend, "", now, time.Time{})
	revoked.Revoked = now
	secret, key := account.NewKey("shop", "*", "", now)
	dir := smsengine.NewDirectory([]smsengine.Account{{Name: "shop"}}, []smsengine.Key{token, revoked, key}, nil, nil)
	d := &account.Decider{Site: account.Site{}, Passwords: account.NewVerifier(func() time.Time { return now })}

	if k, err := d.Token(dir, " "+good+"\n", "192.0.2.1", now); err != nil || k != token {
		t.Errorf("a good one: %+v, %v", k, err)
	}
	from := 0
	elsewhere := func() string { from++; return fmt.Sprint("203.0.113.", from) }
	for what, bad := range map[string]string{
		"none": "", "one that was revoked": ended, "a key": secret, "a key in its dress": "postel_" + secret,
		"a token undressed": strings.TrimPrefix(good, "postel_"), "one in capitals": strings.ToUpper(good),
	} {
		if _, err := d.Token(dir, bad, elsewhere(), now); !errors.Is(err, account.ErrWrong) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := d.Token(dir, good, elsewhere(), now.Add(time.Hour)); !errors.Is(err, account.ErrWrong) {
		t.Errorf("one that expired: %v", err)
	}
	tries := 0
	var err error
	for err = account.ErrWrong; errors.Is(err, account.ErrWrong) && tries < 100; tries++ {
		_, err = d.Token(dir, "guess", "192.0.2.1", now)
	}
	if st := smsengine.StatusOf(err); st.Class != smsengine.Temporary || tries > 10 {
		t.Errorf("after %d guesses: %v", tries, err)
	}
	if _, err := d.Token(dir, "guess", "198.51.100.1", now); !errors.Is(err, account.ErrWrong) {
		t.Errorf("a first guess from elsewhere: %v", err)
	}
	if _, err := d.Token(dir, good, "192.0.2.1", now); err != nil {
		t.Errorf("a good one among guesses: %v", err)
	}
}

// In an address a token opens nothing.
func TestTokenInAddress(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	secret, token := account.NewToken("shop", smsengine.ScopeSend, "", now, time.Time{})
	dir := smsengine.NewDirectory([]smsengine.Account{{Name: "shop", Policy: smsengine.Policy{Send: new(true)}}}, []smsengine.Key{token}, nil, nil)
	d := &account.Decider{Passwords: account.NewVerifier(nil)}
	for _, tried := range []string{secret, strings.TrimPrefix(secret, "postel_")} {
		q := account.Question{Credentials: smsengine.NewCredentials(nil, "", tried), Number: "+15555550123", Now: now}
		if by, err := d.Decide(t.Context(), dir, q); err == nil {
			t.Errorf("it let in %+v", by)
		}
	}
	// Over HTTP it does, and answers go to the account's own list.
	id := smsengine.Identity{Method: smsengine.MethodKey, User: "shop", Key: token.ID}
	by, err := d.Decide(t.Context(), dir, account.Question{Identity: id, Sender: smsengine.Inbox("shop"), Number: "+15555550123", Now: now})
	if err != nil || by.From != smsengine.Inbox("shop") || by.Account != "shop" {
		t.Errorf("%+v, %v", by, err)
	}
	// Not to that of others.
	by, err = d.Decide(t.Context(), dir, account.Question{Identity: id, Sender: smsengine.Inbox("rival"), Number: "+15555550123", Now: now})
	if err != nil || !by.From.IsZero() {
		t.Errorf("in another's name: %+v, %v", by, err)
	}
}
