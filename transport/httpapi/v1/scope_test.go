package v1_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Each route demands its scope and nothing else, of tokens that are good. Nobody
// sees, or stops, what another account sent, unless he has the scope admin.
func TestScopes(t *testing.T) {
	b := newBed(t)
	routes := []struct{ method, path, body, scope string }{
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi"}`, "send"},
		{"GET", "/v1/messages", "", "read"},
		{"GET", "/v1/messages/%s", "", "read"},
		{"DELETE", "/v1/messages/%s", "", "send"},
		{"POST", "/v1/messages/%s/cancel", "", "send"},
		{"GET", "/v1/incoming", "", "incoming"},
		{"GET", "/v1/incoming/%s", "", "incoming"},
		{"GET", "/v1/usage", "", "read"},
		{"POST", "/v1/webhooks", `{"url":"https://hook.example.com","events":["message.sent"]}`, "webhooks"},
		{"GET", "/v1/webhooks", "", "webhooks"},
		{"GET", "/v1/webhooks/%s", "", "webhooks"},
		{"DELETE", "/v1/webhooks/%s", "", "webhooks"},
		{"POST", "/v1/webhooks/%s/test", "", "webhooks"},
		{"GET", "/v1/webhooks/%s/calls", "", "webhooks"},
		{"POST", "/v1/webhooks/%s/retry", "", "webhooks"},
	}
	later := `{"to":"+15555550123","text":"hi","send_at":"` + time.Now().Add(time.Hour).Format(time.RFC3339) + `"}`
	texted := b.send(`{"to":"+15555550199","text":"hi"}`)
	b.until("it is delivered", func() bool { return b.message(texted).State == "delivered" })
	if err := b.network.Send(t.Context(), "+15555550199", ours, "yes?"); err != nil {
		t.Fatal(err)
	}
	var list struct{ Messages []struct{ ID string } }
	b.until("the answer is there", func() bool {
		b.ask("GET", "/v1/incoming", "").into(t, &list)
		return len(list.Messages) == 1
	})
	expired := b.newToken("shop", "send,read,incoming,admin", time.Now().Add(-time.Hour))
	revoked := b.newToken("shop", "send,read,incoming,admin", time.Time{})
	keys, err := b.store.Keys(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys[:1] { // the newest
		if err := b.store.RevokeKey(t.Context(), k.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for i, scopes := range someScopes() {
		own, stranger := b.newToken("shop", scopes, time.Time{}), b.newToken("rival", scopes, time.Time{})
		for _, r := range routes {
			path := r.path
			may, admin := strings.Contains(scopes, r.scope), strings.Contains(scopes, "admin")
			for _, c := range []struct {
				token string
				sees  bool
			}{{own, true}, {stranger, admin || !strings.Contains(r.path, "%s")}} {
				id := list.Messages[0].ID
				switch {
				case strings.HasPrefix(r.path, "/v1/messages"):
					id = b.send(later)
				case strings.HasPrefix(r.path, "/v1/webhooks"):
					id = b.onlyWebhook()
				}
				if strings.Contains(r.path, "%s") {
					path = fmt.Sprintf(r.path, id)
				}
				a := b.ask(r.method, path, r.body, "Authorization", "Bearer "+c.token)
				switch {
				case !may && a.status != http.StatusForbidden,
					may && c.sees && a.status >= 300,
					may && !c.sees && a.status != http.StatusNotFound:
					t.Errorf("%s %s with %q, mine %t: %d %s", r.method, path, scopes, c.token == own, a.status, a.body)
				case !c.sees && strings.Contains(a.body, "hi\""), c.token == stranger && !admin && strings.Contains(a.body, "shop"):
					t.Errorf("%s %s tells another's: %s", r.method, path, a.body)
				}
			}
			if i > 0 {
				continue
			}
			for _, bad := range []string{"", "Bearer ", "Bearer " + expired, "Bearer " + revoked, "Bearer " + own + "x", "Basic " + own, own} {
				if a := b.ask(r.method, path, r.body, "Authorization", bad); a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
					t.Errorf("%s %s as %q: %d", r.method, path, bad, a.status)
				}
			}
		}
	}
	// Whoever tried wrong ones waits, and who has a right one does not.
	if a := b.ask("GET", "/v1/usage", "", "Authorization", "Bearer guess"); a.status != http.StatusTooManyRequests && a.status != http.StatusUnauthorized {
		t.Errorf("a guess among many: %d %s", a.status, a.body)
	}
	if a := b.ask("GET", "/v1/usage", ""); a.status != http.StatusOK {
		t.Errorf("the right one after them: %d %s", a.status, a.body)
	}
}

// someScopes are all single ones, those with admin, all but one, and all: what is
// wrong with others is wrong with these.
func someScopes() (all []string) {
	every := smsengine.ScopeWebhooks<<1 - 1
	for one := smsengine.Scopes(1); one <= smsengine.ScopeWebhooks; one <<= 1 {
		for _, set := range []smsengine.Scopes{one, one | smsengine.ScopeAdmin, every &^ one} {
			all = append(all, set.String())
		}
	}
	return append(all, every.String())
}

// onlyWebhook leaves one webhook of shop alone, and gives its name.
func (b *bed) onlyWebhook() string {
	b.Helper()
	dir, err := b.store.Directory(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, w := range dir.Webhooks() {
		if err := b.store.RemoveWebhook(b.Context(), w.Name); err != nil {
			b.Fatal(err)
		}
	}
	w := smsengine.Webhook{Name: "mine", Account: "shop", Occasions: smsengine.OnSent, URL: "https://hook.example.com", Secret: []byte{1}}
	if err := b.store.PutWebhook(b.Context(), w); err != nil {
		b.Fatal(err)
	}
	return w.Name
}

// An administrator's token sees all, sends at its own account's cost, and can ask
// for one account.
func TestAdmin(t *testing.T) {
	b := newBed(t)
	b.send(`{"to":"+15555550123","text":"of the shop"}`)
	admin := "Bearer " + b.newToken("rival", "send,read,admin", time.Time{})
	b.send(`{"to":"+15555550123","text":"of the rival"}`, "Authorization", admin)
	for query, want := range map[string]int{"": 2, "?account=shop": 1, "?account=rival": 1, "?account=nobody": 0} {
		var list struct{ Messages []message }
		b.ask("GET", "/v1/messages"+query, "", "Authorization", admin).into(t, &list)
		if len(list.Messages) != want {
			t.Errorf("%q: %+v", query, list.Messages)
		}
	}
	if u := b.ask("GET", "/v1/usage?account=shop", "", "Authorization", admin); !strings.Contains(u.body, `"account":"shop"`) || !strings.Contains(u.body, `"used":1`) {
		t.Errorf("%d %s", u.status, u.body)
	}
}

// The log tells who did what to which message, and neither tokens nor texts.
func TestLogHasNoSecrets(t *testing.T) {
	b := newBed(t)
	id := b.send(`{"to":"+15555550123","text":"the launch code is 0000","msgid":"order-4711"}`)
	b.ask("POST", "/v1/messages", `{"to":"+15555550123?pass=hunter2&user=shop","text":"the launch code is 0000"}`)
	b.ask("GET", "/v1/usage", "", "Authorization", "Bearer postel_wrongwrongwrongwrongwrong")
	b.ask("GET", "/v1/messages/"+id+"?token="+b.token, "")
	b.ask("POST", "/v1/messages", `{"token":"`+b.token+`"}`)
	b.until("it is delivered", func() bool { return b.message(id).State == "delivered" })
	log := b.log.String()
	for _, secret := range []string{b.token, strings.TrimPrefix(b.token, "postel_"), "launch code", "hunter2", "wrongwrong", "order-4711"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, "msg=http method=POST path=/v1/ status=202") || !strings.Contains(log, "account=shop message="+id) {
		t.Errorf("the log does not tell of the request:\n%s", log)
	}
}
