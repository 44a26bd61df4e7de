package sms

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// What each parameter makes of a text.
func TestSent(t *testing.T) {
	b := newBed(t, nil)
	const to = "/sms/?number=+15555550123&"
	for name, c := range map[string]struct{ target, body, want string }{
		"R's first":         {to + "data=hello+world", "", "hello world"},
		"percent":           {"/sms/?number=%2B15555550123&data=100%25%20%c3%bc%26", "", "100% ü&"},
		"no slash":          {"/sms?number=%2B15555550123&data=hello", "", "hello"},
		"stray percent":     {to + "data=100%&x", "", "ERROR 5.5.4"},
		"percent at end":    {to + "data=100%+of+5%2", "", "100% of 5%2"},
		"quotes":            {to + `data=%22hello%20world%22`, "", `"hello world"`},
		"+ as +":            {to + "data=1%2B1", "", "1+1"},
		"Latin":             {to + "data=O%F9", "", "Où"},
		"national":          {"/sms/?number=(555)+555-0123&data=x", "", "x"},
		"00":                {"/sms/?number=0015555550123&data=x", "", "x"},
		"short code":        {"/sms/?number=72727&data=x", "", "x"},
		"names in capitals": {"/sms/?Number=%2B15555550123&DATA=x", "", "x"},
		"empty parameters":  {to + "data=x&udh=&binary=&pid=&dcs=&sender=&id=&validity=&maxmsgs=&value=&flash=&reply=&msgid=", "", "x"},
		"form":              {"/sms/", "number=%2B15555550123&data=hello+form", "hello form"},
		"form, named":       {"/sms/?number=%2B15555550123", "data=O%F9", "Où"},
		"form with newline": {"/sms/", "number=%2B15555550123&data=x%0Ay\r\n", "x\ny"},
		"JSON":              {"/sms/", `{"number": "+15555550123", "data": "J\u00fc", "maxmsgs": 3, "flash": false}`, "Jü"},
		"JSON, a number":    {"/sms/", `{"number": 15555550123, "data": "x"}`, "x"},
		"JSON, nothing":     {"/sms/", `{"number": "+15555550123", "data": "x", "sender": null}`, "x"},
		"of other servers":  {to + "data=x&parts=1&condition=&unicode=0&authenticated=1", "", "x"},
		"twice the same":    {to + "data=x&udh=&binary=0&data=x&udh=&binary=0", "", "x"},
		"data of zeros":     {to + "data=0", "", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			body := c.body
			target := c.target
			switch {
			case strings.HasPrefix(body, "{"):
				body = strings.TrimSuffix(body, "}") + fmt.Sprintf(`, "user": "shop", "pass": %q}`, password)
			case body != "":
				body = strings.TrimPrefix(login, "&") + "&" + body
			default:
				target += login
			}
			w := b.ask(target, body)
			if strings.HasPrefix(c.want, "ERROR") {
				if !strings.HasPrefix(w.Body.String(), c.want) {
					t.Errorf("%d %s", w.Code, w.Body)
				}
				return
			}
			if w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if m := b.last(t, w.Body.String()); m.Body.Text != c.want || m.Account != "shop" || m.From != smsengine.Mailbox("shop@example.org") {
				t.Errorf("%q of %s from %s", m.Body.Text, m.Account, m.From)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	b := newBed(t, nil)
	ask := func(params string) smsengine.Message {
		t.Helper()
		w := b.ask("/sms/?number=%2B15555550123&data="+strings.Repeat("hello+", 200)+params+login, "")
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", params, w.Code, w.Body)
		}
		return b.last(t, w.Body.String())
	}
	if m := ask(""); m.Cost != 8 {
		t.Errorf("without maxmsgs it has %d parts", m.Cost)
	}
	if m := ask("&maxmsgs=2"); m.Cost != 2 || m.Body.Whole != 8 {
		t.Errorf("maxmsgs=2: %d of %d parts", m.Cost, m.Body.Whole)
	}
	if m := ask("&maxmsgs=2binary=0&udh=&pid=64"); m.Cost != 2 || !slices.Contains(m.Body.Params, smsengine.Param{Name: "pid", Value: "64"}) {
		t.Errorf("as the manual prints it: %d parts, %v", m.Cost, m.Body.Params)
	}
	if m := ask("&id=spare"); m.Route.String() != "spare" {
		t.Errorf("id: %v", m.Route)
	}
	for _, flash := range []string{"&flash=1", "&dcs=16", "&dcs=24", "&flash=0&dcs=0x10"} {
		if m := ask(flash); !m.Body.Flash || len(m.Body.Params) != 0 {
			t.Errorf("%s: flash %t, %v", flash, m.Body.Flash, m.Body.Params)
		}
	}
	if m := ask("&dcs=8"); m.Body.Flash || m.Body.Alphabet != "gsm7" || len(m.Body.Params) != 0 {
		t.Errorf("the alphabet is Postel's own business: %+v", m.Body)
	}
	if m := ask("&validity=10"); m.Expires.Sub(m.Created).Minutes() != 10 {
		t.Errorf("validity: %s", m.Expires.Sub(m.Created))
	}
	if m := ask("&sender=SHOP&pid=0x41&dsc=17&value=%26unicode%3D1&value=a%3Db"); fmt.Sprint(m.Body.Params) !=
		"[{dcs 17} {pid 65} {value &unicode=1} {value a=b} {sender SHOP}]" {
		t.Errorf("%v", m.Body.Params)
	}
	if m := ask("&value=&unicode=1&extra=x%26y&sender=SHOP"); fmt.Sprint(m.Body.Params) != "[{value &unicode=1&extra=x&y} {sender SHOP}]" {
		t.Errorf("value= with what follows: %v", m.Body.Params)
	}
	w := b.ask("/sms/?number=%2B15555550123&data=hello&user=poor&pass="+url.QueryEscape(password), "")
	if m := b.last(t, w.Body.String()); m.From != smsengine.Inbox("poor") {
		t.Errorf("without a contact: %s", m.From)
	}
	if m := ask("&reply=shop%40example.org"); m.From != smsengine.Mailbox("shop@example.org") {
		t.Errorf("reply: %s", m.From)
	}
}

func TestBinary(t *testing.T) {
	b := newBed(t, nil)
	w := b.ask("/sms/", "number=%2B15555550123&binary=1&data="+url.QueryEscape("Af7/+/8=")+"&udh=BQQLhCPw&pid=64&dcs=245"+login)
	m := b.last(t, w.Body.String())
	if m.Body.Alphabet != "binary" || fmt.Sprintf("% x|% x", m.Parts[0].Data, m.Parts[0].UDH) != "01 fe ff fb ff|06 05 04 0b 84 23 f0" {
		t.Errorf("%s % x | % x", m.Body.Alphabet, m.Parts[0].Data, m.Parts[0].UDH)
	}
	w = b.ask("/sms/?number=%2B15555550123&binary=1&data=Af7/+/8"+login, "") // a "+" that became a space
	if m := b.last(t, w.Body.String()); fmt.Sprintf("% x", m.Parts[0].Data) != "01 fe ff fb ff" {
		t.Errorf("% x", m.Parts[0].Data)
	}
}

// Several numbers, in each way to write them.
func TestManyNumbers(t *testing.T) {
	b := newBed(t, nil)
	for _, numbers := range []string{
		"number=+15555550123,+15555550124", "number=%2B15555550123%2C+15555550124", "number=+15555550123&number=(555)555-0124",
		"number=%2B15555550123;%20%2B15555550124", "number=+15555550123,+15555550124,+1-555-555-0123",
	} {
		w := b.ask("/sms/?data=x&"+numbers+login, "")
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
		if w.Code != http.StatusOK || len(lines) != 2 || !strings.HasSuffix(lines[0], " +15555550123") || !strings.HasSuffix(lines[1], " +15555550124") {
			t.Errorf("%s: %d %q", numbers, w.Code, lines)
		}
	}
	// A national number behind a comma and a space is no international one.
	w := b.ask("/sms/?data=x&number=5555550123,%205555550124"+login, "")
	if !strings.Contains(w.Body.String(), " +15555550124") {
		t.Errorf("%s", w.Body)
	}
	w = b.ask("/sms/?data=x&number=%2B15555550123,12,%2B4915555550123"+login, "")
	want := []string{"OK ", "ERROR 5.1.3 number 2: ", "ERROR 5.7.1 +4915555550123: "}
	lines := strings.Split(w.Body.String(), "\n")
	for i, begin := range want {
		if w.Code != http.StatusMultiStatus || !strings.HasPrefix(lines[i], begin) {
			t.Errorf("%d %q, want %q", w.Code, lines[i], begin)
		}
	}
}

// What is refused, with which status and code.
func TestRefused(t *testing.T) {
	b := newBed(t, nil)
	const ok = "/sms/?number=%2B15555550123&data=x"
	for name, c := range map[string]struct {
		target, body string
		status       int
		begin        string
		header       []string
	}{
		"nobody":             {ok, "", 401, "ERROR 5.7.0", nil},
		"wrong password":     {ok + "&user=shop&pass=wrong", "", 401, "ERROR 5.7.8", nil},
		"no such user":       {ok + "&user=nobody&pass=wrong", "", 401, "ERROR 5.7.8", nil},
		"no password":        {ok + "&user=ghost2", "", 401, "ERROR 5.7.8", nil},
		"authenticated=1":    {ok + "&authenticated=1", "", 401, "ERROR 5.7.0", nil},
		"wrong Basic":        {ok, "", 401, "ERROR 5.7.8", []string{"Authorization", "Basic Z2hvc3Q6d3Jvbmc="}},
		"wrong token":        {ok, "", 401, "ERROR 5.7.8", []string{"Authorization", "Bearer x"}},
		"no Authorization":   {ok + login, "", 401, "ERROR 5.7.0", []string{"Authorization", "Digest x"}},
		"token for reading":  {ok, "", 403, "ERROR 5.7.1", []string{"Authorization", "Bearer " + token}},
		"wrong key":          {ok + "&key=wrong", "", 401, "ERROR 5.7.8", nil},
		"key of another":     {"/sms/?number=%2B15555550124&data=x&key=" + b.key, "", 401, "ERROR 5.7.8", nil},
		"no number":          {"/sms/?data=x" + login, "", 400, "ERROR 5.5.4 number is missing", nil},
		"no data":            {"/sms/?number=%2B15555550123" + login, "", 400, "ERROR 5.5.4 data is missing", nil},
		"bad number":         {"/sms/?number=12&data=x" + login, "", 400, "ERROR 5.1.3", nil},
		"letters":            {"/sms/?number=john&data=x" + login, "", 400, "ERROR 5.1.3", nil},
		"misspelt":           {ok + "&maxmgs=3" + login, "", 400, "ERROR 5.5.4 there is no parameter maxmgs", nil},
		"& in a text":        {ok + "&%68ush hush=1" + login, "", 400, "ERROR 5.5.4 there is something", nil},
		"twice":              {ok + "&data=y" + login, "", 400, "ERROR 5.5.4", nil},
		"maxmsgs":            {ok + "&maxmsgs=999" + login, "", 400, "ERROR 5.5.4", nil},
		"pid":                {ok + "&pid=256" + login, "", 400, "ERROR 5.5.4", nil},
		"dcs":                {ok + "&dcs=x" + login, "", 400, "ERROR 5.5.4", nil},
		"flash":              {ok + "&flash=2" + login, "", 400, "ERROR 5.5.4", nil},
		"udh of a text":      {ok + "&udh=AAMqAgI" + login, "", 400, "ERROR 5.5.4", nil},
		"data no base64":     {"/sms/?number=%2B15555550123&binary=1&data=%21" + login, "", 400, "ERROR 5.5.4", nil},
		"bad header":         {"/sms/?number=%2B15555550123&binary=1&data=AAAA&udh=BQQ" + login, "", 422, "ERROR 5.6.1", nil},
		"too long":           {"/sms/?number=%2B15555550123&binary=1&maxmsgs=1&data=" + strings.Repeat("AAAA", 100) + login, "", 413, "ERROR 5.2.3", nil},
		"id":                 {ok + "&id=nowhere" + login, "", 400, "ERROR 5.1.3", nil},
		"sender":             {ok + "&sender=BANK&user=poor&pass=" + url.QueryEscape(password), "", 403, "ERROR 5.7.1", nil},
		"reply":              {ok + "&reply=other%40example.org" + login, "", 403, "ERROR 5.7.1", nil},
		"abroad":             {"/sms/?number=%2B4915555550123&data=x" + login, "", 403, "ERROR 5.7.1", nil},
		"over the limit":     {ok + strings.Repeat("xxx+", 50) + "&user=poor&pass=" + url.QueryEscape(password), "", 403, "ERROR 5.2.2", nil},
		"no such page":       {"/sms/admin", "", 404, "ERROR 5.5.1", nil},
		"nothing here":       {"/", "", 404, "ERROR 5.5.1", nil},
		"a line break":       {ok + "&sender=a%0d%0aSet-Cookie:x" + login, "", 400, "ERROR 5.5.4", nil},
		"form of other kind": {"/sms/", "x", 415, "ERROR 5.5.4", []string{"Content-Type", "multipart/form-data; boundary=x"}},
		"broken JSON":        {"/sms/", `{"number": `, 400, "ERROR 5.5.4", nil},
		"JSON in JSON":       {"/sms/", `{"number": {"x": 1}}`, 400, "ERROR 5.5.4", nil},
		"two of JSON":        {"/sms/", `{"number": "x"} {}`, 400, "ERROR 5.5.4", nil},
		"101 numbers":        {"/sms/?data=x&number=" + strings.Repeat("%2B15555550123,", 101) + login, "", 400, "ERROR 5.5.3", nil},
		"msgid":              {ok + "&msgid=" + strings.Repeat("x", 256) + login, "", 400, "ERROR 5.5.4", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := b.ask(c.target, c.body, c.header...)
			if w.Code != c.status || !strings.HasPrefix(w.Body.String(), c.begin) || strings.Count(w.Body.String(), "\n") != 1 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (w.Code == 401) || strings.Contains(challenge, "Basic") {
				t.Errorf("%d asks for %q", w.Code, challenge)
			}
			header := append([]string{"Accept", "application/json"}, c.header...)
			w = b.ask(c.target, c.body, header...)
			var answer map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != c.status {
				t.Errorf("in JSON: %d %s %v", w.Code, w.Body, err)
			}
		})
	}
	for _, method := range []string{"PUT", "DELETE", "OPTIONS", "HEAD"} {
		r, _ := http.NewRequest(method, ok+login, nil)
		w := recorded(b, r)
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

// Who asks can be said in other ways than user and pass.
func TestLogins(t *testing.T) {
	b := newBed(t, nil)
	if w := b.ask("/sms/?number=%2B15555550123&data=x&key="+b.key, ""); w.Code != http.StatusOK || b.last(t, w.Body.String()).Account != "shop" {
		t.Errorf("key: %d %s", w.Code, w.Body)
	}
	r, _ := http.NewRequest(http.MethodGet, "/sms/?number=%2B15555550123&data=x", nil)
	r.SetBasicAuth("shop", password)
	if w := recorded(b, r); w.Code != http.StatusOK {
		t.Errorf("Basic: %d %s", w.Code, w.Body)
	}
}

func TestJSONAnswer(t *testing.T) {
	b := newBed(t, nil)
	w := b.ask("/sms/?number=%2B15555550123,12&data=x&msgid=1"+login, "", "Accept", "text/html, application/json;q=0.9")
	var got struct {
		Messages []struct {
			Number, ID string
			Error      struct {
				Status       int
				Code, Detail string
			}
		}
	}
	err := json.Unmarshal(w.Body.Bytes(), &got)
	if err != nil || w.Code != http.StatusMultiStatus || len(got.Messages) != 2 || got.Messages[0].ID == "" || got.Messages[0].Number != "+15555550123" ||
		got.Messages[1].Error.Code != "5.1.3" || got.Messages[1].Error.Status != 400 || got.Messages[1].Error.Detail == "" {
		t.Errorf("%v %d %s", err, w.Code, w.Body)
	}
}

// However often and from however many clients a request comes, it makes one text;
// for each number, account and msgid another.
func TestIdempotent(t *testing.T) {
	b := newBed(t, nil)
	const repeats = 10000
	var mu sync.Mutex
	ids, fresh := map[string]int{}, 0
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range repeats / 10 {
				w := b.ask("/sms/?number=%2B15555550123&data=hello&msgid=order-4711"+login, "")
				words := strings.Fields(w.Body.String())
				if w.Code != http.StatusOK || len(words) < 3 {
					t.Errorf("%d %s", w.Code, w.Body)
					return
				}
				mu.Lock()
				ids[words[1]]++
				if len(words) == 3 {
					fresh++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	counts, err := b.store.Counts(t.Context())
	if err != nil || len(ids) != 1 || fresh != 1 || counts[smsengine.Text][smsengine.Ready] != 1 {
		t.Errorf("%d IDs, %d were the first, the store has %v, %v", len(ids), fresh, counts, err)
	}
	for _, other := range []string{
		"number=%2B15555550124&data=hello&msgid=order-4711" + login,
		"number=%2B15555550123&data=hello&msgid=order-4712" + login,
		"number=%2B15555550123&data=hello&msgid=order-4711&user=poor&pass=" + url.QueryEscape(password),
		"number=%2B15555550123&data=hello" + login, "number=%2B15555550123&data=hello" + login,
	} {
		w := b.ask("/sms/?"+other, "")
		if words := strings.Fields(w.Body.String()); len(words) != 3 || ids[words[1]] != 0 {
			t.Errorf("%s: %s", other, w.Body)
		} else {
			ids[words[1]]++
		}
	}
}
