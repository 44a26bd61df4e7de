package sms

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/httpapi"
)

// FuzzForm: whatever a query says, what is understood is clean, and what url.Values
// would write is read back as it was.
func FuzzForm(f *testing.F) {
	for _, q := range []string{
		"number=+15555550123&data=hello+world", "number=%2B1,+1%2c+2&DATA=%&x=%zz&=1&&a", "maxmsgs=3binary=1&udh=AAMqAgI",
		"value=&unicode=1&x=%26&number=1", "data=O%F9&user=john%aexample.org", "number=+(555)+555-0123;+44",
		"maxmsgs=binary=", "value=&value=&a&b=c&data=%00", "user=%25&pass=%26%3d&data=%2B+",
	} {
		f.Add(q, "")
		f.Add(q, "iso-8859-1")
	}
	f.Fuzz(func(t *testing.T, raw, charset string) {
		params, err := parseForm(raw, charset)
		if err != nil {
			return
		}
		q, err := understand(params)
		if err != nil {
			checkWords(t, err)
			return
		}
		check(t, q)
	})
}

// check is what holds of every request that is understood.
func check(t *testing.T, q *request) {
	t.Helper()
	if len(q.numbers) == 0 || len(q.numbers) > maxNumbers || q.body.Alphabet == "" && (q.body.Text == "" || !utf8.ValidString(q.body.Text)) {
		t.Errorf("%d numbers, %+v", len(q.numbers), q.body)
	}
	for _, p := range q.settings {
		if p.Name == "user" || p.Name == "pass" || p.Name == "key" || p.Value == "" || !clean(p.Value) {
			t.Errorf("%q=%q goes with the recipient", p.Name, p.Value)
		}
	}
	address := phone.Recipient{Number: "+15555550123", Domain: "sms.example.org", Prefix: "sms", Params: q.settings}.Reveal()
	r, _, err := phones.Parse(address)
	if err != nil {
		return // too long, say
	}
	for _, p := range q.settings {
		all := r.Params.Map()[p.Name]
		found := false
		for _, v := range all {
			found = found || v == p.Value || strings.TrimSpace(p.Value) == v
		}
		if !found {
			t.Errorf("%q=%q became %q in %s", p.Name, p.Value, all, address)
		}
	}
}

// checkWords: refusals are one line, and short.
func checkWords(t *testing.T, err error) {
	t.Helper()
	if p := httpapi.ProblemOf(err); p.Status < 400 || p.Status >= 500 || len(p.Detail) > 300 || !clean(p.Detail) {
		t.Errorf("%d %q", p.Status, p.Detail)
	}
}

// FuzzReadBack: what any library writes as a form is read as it was meant.
func FuzzReadBack(f *testing.F) {
	f.Add("+15555550123", "hello & 100% + more=\x01\nü", "a b")
	f.Add(" 1", "%41", "&")
	f.Fuzz(func(t *testing.T, number, data, sender string) {
		if !utf8.ValidString(data) {
			return
		}
		raw := url.Values{"number": {number}, "data": {data}, "sender": {sender}}.Encode()
		params, err := parseForm(raw, "")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, p := range params {
			got[p.name] = p.value
		}
		if got["data"] != data || got["sender"] != sender {
			t.Errorf("%q became %q", raw, got)
		}
		// A space that url.Values wrote as "+" in front of a number is one that nobody
		// means.
		if !strings.Contains(number, " ") && got["number"] != number {
			t.Errorf("%q became %q", number, got["number"])
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"number": "+15555550123", "data": "x"}`, `{"number": ["+1", 2], "data": true, "value": [], "maxmsgs": 1e3}`, `[]`, `{"a":{}}`, `{} {}`, `{"number":null`,
		"{\"data\":\"\xff\"}", `{"NUMBER":"1","number":"2","data":"\u0000"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		params, err := parseJSON(body)
		if err != nil {
			checkWords(t, err)
			return
		}
		if !json.Valid(body) {
			t.Errorf("%q is read", body)
		}
		if q, err := understand(params); err != nil {
			checkWords(t, err)
		} else {
			check(t, q)
		}
	})
}

// FuzzAnswer: no parameter of any request makes a header, a second line or a page
// of the answer.
func FuzzAnswer(f *testing.F) {
	for _, q := range []string{
		"number=+15555550123&data=x", "number=%0d%0aSet-Cookie:+a&data=x", "%0d%0aX:=1", "number=<script>&data=x", "id=office&pass=1&number=%3Cb%3E&data=x",
	} {
		f.Add("/sms/", q, "")
		f.Add("/sms/deliver", q, "text/html")
		f.Add("/sms/"+q, "", "application/json")
	}
	h := New(Options{Desk: nobody{}, Logins: nobody{}, Phones: phones, Prefix: "sms", Domain: "sms.example.org", Gateways: &heard{}})
	s := around(h).server
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		r := httptest.NewRequest(http.MethodGet, "http://sms.example.org/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		for name, values := range w.Header() {
			if strings.ContainsAny(name+strings.Join(values, ""), "\r\n") || name == "Set-Cookie" || name == "Location" {
				t.Errorf("%s: %q", name, values)
			}
		}
		kind := w.Header().Get("Content-Type")
		if w.Code >= 500 || !strings.HasPrefix(kind, "text/plain") && !strings.HasPrefix(kind, "application/") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d %s %s", w.Code, kind, w.Body)
		}
		for line := range strings.Lines(w.Body.String()) {
			if !strings.HasPrefix(line, "OK ") && !strings.HasPrefix(line, "ERROR ") && !strings.HasPrefix(line, "{") {
				t.Errorf("a line of the answer is %q", line)
			}
		}
	})
}

// nobody lets everybody in, and takes everything.
type nobody struct{ smsengine.Desk }

func (nobody) Submit(_ context.Context, s smsengine.Submission) []smsengine.Outcome {
	out := make([]smsengine.Outcome, len(s.Recipients))
	for i := range out {
		out[i].ID = "m1"
	}
	return out
}

func (nobody) Password(context.Context, []string, string, smsengine.Identity) (httpapi.Login, error) {
	return httpapi.Login{Scopes: smsengine.ScopeSend}, nil
}

func (nobody) Token(context.Context, string, smsengine.Identity) (httpapi.Login, error) {
	return httpapi.Login{Scopes: smsengine.ScopeSend}, nil
}
