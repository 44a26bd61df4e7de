package v1_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A program sends a text, follows it to the phone, and reads the answer.
func TestSendFollowReceive(t *testing.T) {
	b := newBed(t)
	a := b.ask("POST", "/v1/messages", `{"to": "(555) 555-0123", "text": "Hello, wörld"}`)
	if a.status != http.StatusAccepted || !strings.Contains(a.body, `"number":"+15555550123"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	at := a.header.Get("Location")
	id := strings.TrimPrefix(at, "/v1/messages/")
	b.until("the text is delivered", func() bool { return b.message(id).State == "delivered" })
	m := b.message(id)
	if m.Account != "shop" || m.To != theirs || m.Text != "Hello, wörld" || m.Cost != 1 {
		t.Errorf("%+v", m)
	}
	var events []string
	for _, e := range m.Events {
		events = append(events, e.Event+e.Result)
	}
	if got := strings.Join(events, " "); got != "accepted claimed taken receiptdelivered" {
		t.Errorf("the timeline is %s", got)
	}
	in, err := b.network.Wait(t.Context(), theirs, 1)
	if err != nil || in.Texts[0].Text != "Hello, wörld" || in.Texts[0].From != ours {
		t.Fatalf("the phone has %+v, %v", in, err)
	}

	if err := b.network.Send(t.Context(), theirs, ours, "Hello yourself"); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Messages []struct{ ID, From, To, Text, Answers, Account string }
		Next     string
	}
	b.until("the answer is there", func() bool {
		b.ask("GET", "/v1/incoming?order=oldest", "").into(t, &list)
		return len(list.Messages) == 1
	})
	got := list.Messages[0]
	if got.From != theirs || got.To != ours || got.Text != "Hello yourself" || got.Answers != id || got.Account != "shop" || list.Next == "" {
		t.Errorf("%+v, next %q", got, list.Next)
	}
	if one := b.ask("GET", "/v1/incoming/"+got.ID, ""); one.status != http.StatusOK || !strings.Contains(one.body, "Hello yourself") {
		t.Errorf("%d %s", one.status, one.body)
	}
	if more := b.ask("GET", "/v1/incoming?cursor="+list.Next, ""); !strings.Contains(more.body, `"messages":[],"next":"`+list.Next) {
		t.Errorf("after it: %s", more.body)
	}
	if u := b.ask("GET", "/v1/usage", ""); !strings.Contains(u.body, `"used":1`) {
		t.Errorf("usage: %s", u.body)
	}
}

// Each request with what is answered: the status, and words of the answer.
func TestRequests(t *testing.T) {
	b := newBed(t)
	big := `"` + strings.Repeat("x", 70000) + `"`
	for _, c := range []struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi"}`, nil, 202, `"id":"`},
		{"POST", "/v1/messages", `{"to":["+15555550123","sms:+1 555 555-0124","+15555550125@sms.example.org"],"text":"hi"}`, nil, 202, `"number":"+15555550125"`},
		{"POST", "/v1/messages", `{"to":["+15555550123","nobody"],"text":"hi"}`, nil, 202, `"code":"5.1.3"`},
		{"POST", "/v1/messages", `{"to":["+15555550123","+1 (555) 555 01 23"],"text":"hi"}`, nil, 202, `"duplicate":true`},
		{"POST", "/v1/messages", `{"to":"nobody","text":"hi"}`, nil, 400, `"messages":[{"to":"nobody","problem":{`},
		{"POST", "/v1/messages", `{"to":"+15555550123?maxmsgs=1","text":"` + strings.Repeat("long ", 60) + `"}`, nil, 202, `"id":"`},
		{"POST", "/v1/messages", `{"to":"+15555550123?user=shop&pass=secret","text":"hi"}`, nil, 400, "Authorization"},
		{"POST", "/v1/messages", `{"to":"john@example.org","text":"hi"}`, nil, 400, "this is no phone"},
		{"POST", "/v1/messages", `{"to":"+447700900123","text":"hi"}`, nil, 403, `"code":"5.7.1"`},
		{"POST", "/v1/messages", `{"to":"+15555550123","data":"AQID","udh":"BQQVgQAA","pid":0,"dcs":245}`, nil, 202, `"id":"`},
		{"POST", "/v1/messages", `{"to":"+15555550123","data":"AQID","text":"hi"}`, nil, 400, `\"data\": a message has text or data`},
		{"POST", "/v1/messages", `{"to":"+15555550123","data":"?"}`, nil, 400, `\"data\": want base64`},
		{"POST", "/v1/messages", `{"to":"+15555550123"}`, nil, 400, `\"text\": there is nothing to send`},
		{"POST", "/v1/messages", `{"text":"hi"}`, nil, 400, `\"to\": whom is it for?`},
		{"POST", "/v1/messages", `{"to":[],"text":"hi"}`, nil, 400, `\"to\": whom is it for?`},
		{"POST", "/v1/messages", `{"to":7,"text":"hi"}`, nil, 400, `\"to\": want a phone number, or a list of them`},
		{"POST", "/v1/messages", `{"to":"+15555550123","txet":"hi"}`, nil, 400, `\"txet\": there is no such field`},
		{"POST", "/v1/messages", `{"to":"+15555550123","Text":"hi"}`, nil, 400, `\"Text\": there is no such field`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","text":"ho"}`, nil, 400, `\"text\": it is there twice`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","flash":1}`, nil, 400, `\"flash\": want true or false`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","flash":null,"validity":60,"max_parts":2}`, nil, 202, `"id":"`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","validity":-1}`, nil, 400, `\"validity\": want`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","validity":1.5}`, nil, 400, `\"validity\": want a whole number`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","max_parts":129}`, nil, 400, `\"max_parts\": want`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","send_at":"tomorrow"}`, nil, 400, `\"send_at\": want a time with its zone`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","send_at":"2999-01-01T00:00:00Z"}`, nil, 400, `\"send_at\": want a time within a year`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","gateway":"elsewhere"}`, nil, 400, "names no gateway"},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","gateway":"sim"}`, nil, 202, `"id":"`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","from":"Somebody"}`, nil, 403, "may not choose this sender"},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","reply_to":"mary@example.org"}`, nil, 403, "address of your own"},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","from":"a\r\nb"}`, nil, 400, `"code":"5.1.3"`},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":` + big + `}`, nil, 400, "longer than any message"},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, "too large"},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi"} {}`, nil, 400, "something stands behind the object"},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi"`, nil, 400, "it ends too early"},
		{"POST", "/v1/messages", `[]`, nil, 400, "it is to be an object"},
		{"POST", "/v1/messages", "{\"to\":\"+15555550123\",\"text\":\"\xff\"}", nil, 400, "not UTF-8"},
		{"POST", "/v1/messages", `to=%2B15555550123`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "Content-Type: application/json"},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi"}`, []string{"Content-Type", "application/json; charset=utf-8"}, 202, ""},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi","msgid":"a"}`, []string{"Idempotency-Key", "b"}, 400, "Idempotency-Key"},
		{"POST", "/v1/messages", `{"to":"+15555550123","text":"hi"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, "other sites"},
		{"GET", "/v1/messages/nothing", "", nil, 404, "there is no such message"},
		{"GET", "/v1/messages?limit=2", "", nil, 200, `"next":"`},
		{"GET", "/v1/messages?state=delivered,ready&number=%2B15555550123", "", nil, 200, `"messages":[`},
		{"GET", "/v1/messages?state=asleep", "", nil, 400, "want states"},
		{"GET", "/v1/messages?limit=0", "", nil, 400, "want a number from 1 to 500"},
		{"GET", "/v1/messages?limit=9&limit=8", "", nil, 400, `\"limit\": it is there twice`},
		{"GET", "/v1/messages?nmber=1", "", nil, 400, `\"nmber\": there is no such parameter`},
		{"GET", "/v1/messages?since=2026-11-24", "", nil, 400, "want a time with its zone"},
		{"GET", "/v1/messages?since=2999-01-01T00:00:00Z", "", nil, 200, `{"messages":[]}`},
		{"GET", "/v1/messages?account=rival", "", nil, 400, "sees the messages of shop only"},
		{"GET", "/v1/messages?account=SHOP", "", nil, 200, `"account":"shop"`},
		{"GET", "/v1/messages?cursor=bm90aGluZw", "", nil, 400, "none that this list gave"},
		{"GET", "/v1/messages?cursor=bjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw", "", nil, 410, "too old"},
		{"GET", "/v1/messages?order=sideways", "", nil, 400, "newest or oldest"},
		{"GET", "/v1/messages?number=x", "", nil, 400, "no phone number"},
		{"GET", "/v1/usage?account=rival", "", nil, 400, "sees the account shop only"},
		{"GET", "/v1/", "", nil, 404, "there is nothing here"},
		{"GET", "/v1/messages/", "", nil, 404, "there is nothing here"},
		{"GET", "/v1/../v1/messages", "", nil, 404, ""},
		{"PUT", "/v1/messages", "{}", nil, 405, "GET or HEAD or POST"},
		{"GET", "/v1/openapi.json", "", []string{"Authorization", ""}, 200, `"openapi"`},
		{"GET", "/v1/messages", "", []string{"Authorization", ""}, 401, "say who you are"},
		{"GET", "/v1/messages", "", []string{"Authorization", "Bearer nonsense"}, 401, `"code":"5.7.8"`},
	} {
		a := b.ask(c.method, c.path, c.body, c.header...)
		if a.status != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s %s %.80s: %d %s\nwant %d %s", c.method, c.path, c.body, a.status, a.body, c.status, c.want)
		}
		kind := "application/json"
		if c.status >= 400 {
			kind = "application/problem+json"
		}
		if got := a.header.Get("Content-Type"); got != kind && !strings.Contains(c.path, "..") && len(c.header) == 0 {
			t.Errorf("%s %s: the answer is %s, want %s", c.method, c.path, got, kind)
		}
	}
}

// A text for later can be stopped, one that has left cannot; what is stopped
// already is stopped.
func TestCancel(t *testing.T) {
	b := newBed(t)
	later := b.send(`{"to":"+15555550123","text":"hi","send_at":"` + time.Now().Add(time.Hour).Format(time.RFC3339) + `"}`)
	if m := b.message(later); m.State != "ready" {
		t.Errorf("a text for later is %s", m.State)
	}
	for _, how := range [][2]string{{"DELETE", "/v1/messages/" + later}, {"POST", "/v1/messages/" + later + "/cancel"}} {
		if a := b.ask(how[0], how[1], ""); a.status != 200 || !strings.Contains(a.body, `"state":"cancelled"`) || !strings.Contains(a.body, "shop, by token ") {
			t.Errorf("%v: %d %s", how, a.status, a.body)
		}
	}
	gone := b.send(`{"to":"+15555550124","text":"hi"}`)
	b.until("it is delivered", func() bool { return b.message(gone).State == "delivered" })
	if a := b.ask("DELETE", "/v1/messages/"+gone, ""); a.status != 409 {
		t.Errorf("what has left was cancelled: %d %s", a.status, a.body)
	}
	if in := b.network.Inbox(theirs); len(in.Texts) != 0 {
		t.Errorf("the phone has %+v", in.Texts)
	}
}
