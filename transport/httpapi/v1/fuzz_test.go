package v1

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/httpapi"
)

// Whatever comes is read or refused with words, and what is read encoding/json
// reads the same: strictness takes away and never changes.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"to":"+15555550123","text":"hi"}`, `{"to":["+15555550123"],"data":"AQID","udh":"BQQ=","pid":0,"dcs":245,"flash":true}`,
		`{"to":"a","send_at":"2026-11-24T09:00:00+01:00","validity":60,"max_parts":3,"msgid":"x","from":null}`,
		`{"to":"a","to":"b"}`, `{"To":"a"}`, `{"to":{}}`, `{} {}`, `[]`, `{"text":"\ud800"}`, `{"validity":1e2}`, ``, `{"to":"a"`, "{\"a\xff\":1}", `{"to":[null]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var strict, loose sendRequest
		err := decode(body, &strict)
		if err != nil {
			p := problem(err)
			if p.Status != http.StatusBadRequest || p.Detail == "" || p.Code == "" {
				t.Fatalf("%q: %+v", body, p)
			}
			if len(p.Detail) > 200 {
				t.Errorf("%q: many words: %s", body, p.Detail)
			}
			return
		}
		if err := json.Unmarshal(body, &loose); err != nil {
			t.Fatalf("%q was read, and is no JSON: %v", body, err)
		}
		if one, other := asText(t, strict), asText(t, loose); one != other {
			t.Errorf("%q was read as\n%s, not\n%s", body, one, other)
		}
		if err := strict.check(time.Now()); err != nil {
			if _, worded := errors.AsType[*smsengine.Error](err); !worded {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}

func asText(t *testing.T, v sendRequest) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The same of webhooks, of which nothing but what was asked for comes.
func FuzzWebhook(f *testing.F) {
	for _, seed := range []string{
		`{"url":"https://x.example.com","events":["message.sent"]}`, `{"url":"x","events":["message.sent",null],"name":"a","account":null}`,
		`{"events":[["message.sent"]]}`, `{"url":1}`, `{"account":"","name":"..","events":["message.received","message.failed"]}`, `{"url":"x","events":["message.sent failed"]}`,
	} {
		f.Add([]byte(seed))
	}
	h := New(Options{Webhooks: Webhooks{Check: func(string) error { return nil }}})
	f.Fuzz(func(t *testing.T, body []byte) {
		var in webhookRequest
		if decode(body, &in) != nil {
			return
		}
		in.Name = cmp.Or(in.Name, "given") // else it is made up, differently each time
		w, err := h.understand(&request{login: httpapi.Login{Account: "shop", Scopes: smsengine.ScopeWebhooks}}, in)
		if err != nil {
			if p := problem(err); p.Status != http.StatusBadRequest || p.Detail == "" {
				t.Fatalf("%q: %+v", body, p)
			}
			return
		}
		if w.Account != "shop" || w.URL != in.URL || w.Name != in.Name || smsengine.CheckWebhookName(w.Name) != nil {
			t.Errorf("%q became %+v", body, w)
		}
		for _, event := range in.Events {
			if !slices.Contains(webhookOf(w).Events, event) {
				t.Errorf("%q became %+v", body, w)
			}
		}
	})
}

// A recipient is one phone with the wishes of the request, or is refused; no
// character of a field becomes a parameter of its own.
func FuzzRecipient(f *testing.F) {
	parser, err := phone.New(phone.Rules{Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US"})
	if err != nil {
		f.Fatal(err)
	}
	h := New(Options{Phones: parser, Domain: "sms.example.org"})
	f.Add("+15555550123", "Shop", "john@example.org", "sim")
	f.Add("sms:+1 (555) 555-0123?maxmsgs=3", "a&user=b", "x@example.org&key=1", "id?")
	f.Add(`"sms:+15555550123"@example.org`, "a\r\nb", "", "ü")
	f.Add(`+15555550123"@example.org`, `"`, `=40`, "%")
	f.Add("+15555550123?sender=x", "é%00", "", "")
	f.Fuzz(func(t *testing.T, to, from, replyTo, gateway string) {
		req := sendRequest{From: from, ReplyTo: replyTo, Gateway: gateway}
		r, err := h.recipient(to, req)
		if err != nil {
			if _, worded := errors.AsType[*smsengine.Error](err); !worded {
				t.Fatalf("%q: %v", to, err)
			}
			return
		}
		again, isPhone, err := parser.Parse(r.String())
		if err != nil {
			return // a field that no parameter can hold: refused by the engine's own stage
		}
		if !isPhone || again.Number != r.Number || again.User != "" || again.Key.Reveal() != "" || again.Password.Reveal() != "" {
			t.Fatalf("%q became %+v", r.String(), again)
		}
		for name, want := range map[string]string{"sender": from, "id": gateway} {
			got, _ := again.Params.Get(name)
			if _, said := mustParse(h, to).Params.Get(name); !said && strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("%s %q became %q in %s", name, want, got, r.String())
			}
		}
	})
}

func mustParse(h *Handler, to string) phone.Recipient {
	r, _, _ := h.o.Phones.Parse(h.address(to))
	return r
}
