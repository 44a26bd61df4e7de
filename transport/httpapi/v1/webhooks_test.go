package v1_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

type call struct {
	ID, Event, Message, State string
	RetriedAs                 string `json:"retried_as"`
	Attempts                  int
}

func (b *bed) calls(query string) (all []call) {
	b.Helper()
	var list struct{ Calls []call }
	b.ask("GET", "/v1/webhooks/orders/calls?order=oldest"+query, "").into(b, &list)
	return list.Calls
}

func (b *bed) newWebhook(body string) {
	b.Helper()
	if a := b.ask("POST", "/v1/webhooks", body); a.status != http.StatusCreated || a.header.Get("Location") != "/v1/webhooks/orders" {
		b.Fatalf("%d %s at %s", a.status, a.body, a.header.Get("Location"))
	}
}

const orders = `{"name":"orders","url":"https://shop.example.com/in?key=passw0rd","events":["message.sent","message.delivered","message.received"]}`

// A text, its receipt and its answer are told to the webhook as the lists show
// them; the lists of messages have no calls in them.
func TestWebhookHears(t *testing.T) {
	b := newBed(t)
	b.newWebhook(orders)
	id := b.send(`{"to":"+15555550123","text":"Hello"}`)
	b.until("it is delivered", func() bool { return b.message(id).State == "delivered" })
	if err := b.network.Send(t.Context(), theirs, ours, "Hello yourself"); err != nil {
		t.Fatal(err)
	}
	b.until("three calls were taken", func() bool { return len(b.calls("&state=taken")) == 3 })
	told := map[string]map[string]any{}
	for _, document := range b.program.heard() {
		var e struct {
			Type string
			Data map[string]any
		}
		if err := json.Unmarshal([]byte(document), &e); err != nil {
			t.Fatal(err)
		}
		told[e.Type] = e.Data
	}
	for kind, want := range map[string]map[string]any{
		"message.sent":      {"id": id, "state": "sent", "text": "Hello", "to": theirs},
		"message.delivered": {"id": id, "state": "delivered", "text": "Hello", "to": theirs},
		"message.received":  {"answers": id, "text": "Hello yourself", "to": ours, "from": theirs},
	} {
		for field, value := range want {
			if told[kind][field] != value {
				t.Errorf("%s tells %s of %v", kind, field, told[kind])
			}
		}
	}
	for _, c := range b.calls("") {
		if c.Attempts != 1 || c.State != "taken" || c.Message == "" {
			t.Errorf("%+v", c)
		}
		if a := b.ask("GET", "/v1/messages/"+c.ID, ""); a.status != http.StatusNotFound {
			t.Errorf("a call is a message: %d %s", a.status, a.body)
		}
	}
	for path, n := range map[string]int{"/v1/messages": 1, "/v1/incoming": 1} {
		var list struct{ Messages []message }
		if b.ask("GET", path, "").into(t, &list); len(list.Messages) != n {
			t.Errorf("%s: %+v", path, list.Messages)
		}
	}
	for _, e := range b.message(id).Events {
		if e.Event == "" || e.From == "orders" {
			t.Errorf("the timeline has %+v", e)
		}
	}
}

// What the program never took can be made again: one call, all of them, each once.
func TestDeadLetters(t *testing.T) {
	b := newBed(t)
	b.newWebhook(orders)
	b.program.answer(smsengine.Fail("webhook", smsengine.Permanent, "5.3.0", "the program answered 500", nil))
	for i := range 3 {
		b.send(fmt.Sprintf(`{"to":"+1555555012%d","text":"Hello"}`, i))
	}
	b.until("all failed", func() bool { return len(b.calls("&state=failed")) == 6 })
	dead := b.calls("&state=failed")
	if dead[0].RetriedAs != "" {
		t.Errorf("%+v", dead[0])
	}
	b.program.answer(nil)
	var again, twice call
	a := b.ask("POST", "/v1/webhooks/orders/calls/"+dead[0].ID+"/retry", "")
	if a.into(t, &again); a.status != http.StatusAccepted || again.Message != dead[0].Message || again.Event != dead[0].Event {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if b.ask("POST", "/v1/webhooks/orders/calls/"+dead[0].ID+"/retry", "").into(t, &twice); twice.ID != again.ID {
		t.Errorf("asked twice: %s and %s", again.ID, twice.ID)
	}
	b.until("it was taken", func() bool { return len(b.calls("&state=taken")) == 1 })
	if now := b.calls("&state=failed"); len(now) != 6 || now[0].RetriedAs != again.ID {
		t.Errorf("%+v", now)
	}
	if a := b.ask("POST", "/v1/webhooks/orders/retry", ""); a.status != http.StatusAccepted || !strings.Contains(a.body, `{"retried":5,"more":false}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	b.until("all were taken", func() bool { return len(b.calls("&state=taken")) == 6 })
	if a := b.ask("POST", "/v1/webhooks/orders/retry", ""); !strings.Contains(a.body, `{"retried":0,"more":false}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	rival := "Bearer " + b.newToken("rival", "webhooks", time.Time{})
	for path, want := range map[string]int{
		"/calls/" + again.ID: http.StatusConflict, "/calls/nothing": http.StatusNotFound, "/calls/" + dead[0].Message: http.StatusNotFound,
	} {
		if a := b.ask("POST", "/v1/webhooks/orders"+path+"/retry", ""); a.status != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if a := b.ask("POST", "/v1/webhooks/orders"+path+"/retry", "", "Authorization", rival); a.status != http.StatusNotFound {
			t.Errorf("%s of another: %d %s", path, a.status, a.body)
		}
	}
	// Whoever has the name later hears nothing of what was called under it.
	if a := b.ask("DELETE", "/v1/webhooks/orders", ""); a.status != http.StatusNoContent || a.body != "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.ask("POST", "/v1/webhooks", orders, "Authorization", rival); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.ask("GET", "/v1/webhooks/orders/calls", "", "Authorization", rival); a.status != 200 || !strings.Contains(a.body, `{"calls":[]}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.ask("POST", "/v1/webhooks/orders/calls/"+dead[1].ID+"/retry", "", "Authorization", rival); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Requests with their answers, of shop, which has the webhook orders.
func TestWebhookRequests(t *testing.T) {
	b := newBed(t)
	b.newWebhook(orders)
	long := "https://shop.example.com/" + strings.Repeat("x", 2048)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "", `{"url":"https://shop.example.com","events":["message.failed","message.failed"]}`, 201, `"events":["message.failed"]`},
		{"POST", "", `{"url":"https://shop.example.com","events":["message.failed"],"name":null,"account":"SHOP"}`, 201, `"account":"shop"`},
		{"POST", "", `{"url":"https://shop.example.com/?from=%%from%%&pin=1","events":["message.received"],"name":"a.b_c-1"}`, 201, `?from=%%from%%&pin=…"`},
		{"POST", "", orders, 409, `\"name\": it is taken`},
		{"POST", "", `{"events":["message.sent"]}`, 400, `\"url\": where is it?`},
		{"POST", "", `{"url":"http://shop.example.com","events":["message.sent"]}`, 400, `\"url\": write https://`},
		{"POST", "", `{"url":"` + long + `","events":["message.sent"]}`, 400, `\"url\": it is too long`},
		{"POST", "", `{"url":"https://shop.example.com"}`, 400, `\"events\": what is it to hear of?`},
		{"POST", "", `{"url":"https://shop.example.com","events":[]}`, 400, `\"events\": what is it to hear of?`},
		{"POST", "", `{"url":"https://shop.example.com","events":"message.sent"}`, 400, `\"events\": want a list of strings`},
		{"POST", "", `{"url":"https://shop.example.com","events":["sent"]}`, 400, `\"events\": want some of message.sent, `},
		{"POST", "", `{"url":"https://shop.example.com","events":["message.sent,failed"]}`, 400, `\"events\": want some of`},
		{"POST", "", `{"url":"https://shop.example.com","events":["message."]}`, 400, `\"events\": want some of`},
		{"POST", "", `{"url":"https://shop.example.com","events":["message.sent"],"name":"../x"}`, 400, `\"name\": write up to 64`},
		{"POST", "", `{"url":"https://shop.example.com","events":["message.sent"],"account":"rival"}`, 400, `\"account\": this token makes webhooks of shop only`},
		{"POST", "", `{"url":"https://shop.example.com","events":["message.sent"],"account":""}`, 400, `\"account\": this token`},
		{"POST", "", `{"url":"https://shop.example.com","events":["message.sent"],"secret":"mine"}`, 400, `\"secret\": there is no such field`},
		{"POST", "?x=1", orders, 400, `\"x\": there is no such parameter`},
		{"GET", "?account=rival", "", 400, "sees the webhooks of shop only"},
		{"GET", "?account=shop", "", 200, `"name":"orders"`},
		{"GET", "/orders", "", 200, `{"name":"orders","account":"shop","url":"https://shop.example.com/in?key=…","events":["message.sent","message.delivered","message.received"],"created_at":"`},
		{"GET", "/nothing", "", 404, "there is no such webhook"},
		{"DELETE", "/nothing", "", 404, "there is no such webhook"},
		{"POST", "/nothing/test", "", 404, "there is no such webhook"},
		{"POST", "/orders/test", "", 200, `{"taken":true,"status":204,"duration_ms":7}`},
		{"GET", "/orders/calls?state=dead", "", 400, "waiting, taken, failed, cancelled"},
		{"GET", "/orders/calls?state=failed,waiting&limit=1", "", 200, `{"calls":[]}`},
		{"GET", "/orders/calls?account=shop", "", 400, `\"account\": there is no such parameter`},
		{"GET", "/nothing/calls", "", 404, "there is no such webhook"},
		{"POST", "/nothing/retry", "", 404, "there is no such webhook"},
		{"PUT", "/orders", "{}", 405, "DELETE or GET or HEAD"},
	} {
		a := b.ask(c.method, "/v1/webhooks"+c.path, c.body)
		if a.status != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s %s %.90s: %d %s\nwant %d %s", c.method, c.path, c.body, a.status, a.body, c.status, c.want)
		}
		if secret := strings.Contains(a.body, "aHVzaA"); secret != (a.status == 201 && !strings.Contains(c.body, "%%")) || strings.Contains(a.body, "passw0rd") {
			t.Errorf("%s %s: secret %t: %s", c.method, c.path, secret, a.body)
		}
	}
	b.program.answer(smsengine.Fail("webhook", smsengine.Temporary, "4.3.0", "the program answered 500", nil))
	if a := b.ask("POST", "/v1/webhooks/orders/test", ""); a.status != 200 || !strings.Contains(a.body, `{"taken":false,"status":500,"duration_ms":0,"problem":"the program answered 500"}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	for i := range 20 {
		name := fmt.Sprintf(`{"name":"more-%d",`, i)
		want := http.StatusCreated
		if i >= 16 { // there are four
			want = http.StatusConflict
		}
		if a := b.ask("POST", "/v1/webhooks", strings.Replace(orders, `{"name":"orders",`, name, 1)); a.status != want {
			t.Errorf("%d more: %d %s", i, a.status, a.body)
		}
	}
	log := b.log.String()
	if !strings.Contains(log, `msg="webhook made" webhook=orders account=shop on="sent delivered received" by="shop, by token `) {
		t.Errorf("the log does not tell who made it:\n%s", log)
	}
	for _, secret := range []string{"hush", "aHVzaA", "passw0rd"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// Administrators' tokens make and see webhooks of all accounts, and those that
// hear of all; nobody else sees these.
func TestWebhooksOfOthers(t *testing.T) {
	b := newBed(t)
	b.newWebhook(orders)
	admin := []string{"Authorization", "Bearer " + b.newToken("rival", "webhooks,admin", time.Time{})}
	for account, want := range map[string]int{`,"account":""`: 201, `,"account":"shop"`: 201, `,"account":"nobody"`: 400, ``: 201} {
		body := `{"url":"https://all.example.com","events":["message.sent"],"name":"n` + fmt.Sprint(len(account)) + `"` + account + `}`
		if a := b.ask("POST", "/v1/webhooks", body, admin...); a.status != want {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	type list struct {
		Webhooks []struct{ Name, Account string }
	}
	for query, want := range map[string]string{"": "[{n0 rival} {n13 } {n17 shop} {orders shop}]", "?account=shop": "[{n17 shop} {orders shop}]"} {
		var all list
		if b.ask("GET", "/v1/webhooks"+query, "", admin...).into(t, &all); fmt.Sprint(all.Webhooks) != want {
			t.Errorf("an administrator sees %v", all.Webhooks)
		}
	}
	var own list
	if b.ask("GET", "/v1/webhooks", "").into(t, &own); fmt.Sprint(own.Webhooks) != "[{n17 shop} {orders shop}]" {
		t.Errorf("shop sees %v", own.Webhooks)
	}
	for _, name := range []string{"n0", "n13"} {
		if a := b.ask("DELETE", "/v1/webhooks/"+name, ""); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	b.send(`{"to":"+15555550123","text":"Hello"}`)
	b.until("who hears of all was called", func() bool {
		return strings.Contains(b.ask("GET", "/v1/webhooks/n13/calls?state=taken", "", admin...).body, `"account":"shop"`)
	})
}
