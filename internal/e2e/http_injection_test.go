package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
)

// nasty are values that try to be more than a value: of a header, a line of a
// log, a URL, a terminal, or a reader's eye.
var nasty = []string{
	"\r\nX-Injected: zwieback", "\nlevel=ERROR msg=zwieback", "\rX-Injected: zwieback", "\r\n\r\n<b>zwieback</b>", "\x00zwieback", "\x1b]0;zwieback\x07",
	"\x7fzwieback\b\b", "\u0085X-Injected: zwieback", "\u2028X-Injected: zwieback", "\u202ezwieback\u2066", "\ufeffzwieback", "%0d%0aX-Injected: zwieback",
	"&zwieback=1", "\" zwieback", "=?utf-8?q?=0D=0AX-Injected:_zwieback?=", "\xff\xfe\r\nX-Injected: zwieback",
}

// Whatever stands in the parameters of a request reaches neither a header of a
// mail, nor one of a provider's request, nor its URL but as a value, nor a line of
// the log of its own, nor what commands print.
func TestNothingIsInjected(t *testing.T) {
	t.Parallel()
	s, asked := injectable(t)
	s.withShop()
	shop := s.program(s.openHTTP("rate = 0\n"))
	// John's text is what Bob answers to; what others bring goes to Mary.
	if status, words := shop.form("/sms/", "user", "shop", "pass", serverPassword, "reply", "john@example.org", "number", bob, "data", "hello"); status != 200 {
		t.Fatal(status, words)
	}
	s.settle()
	s.inject(shop)
	s.settle()
	if got := len(asked.requests()); got < 20 {
		t.Errorf("the provider was asked %d times: the test tests nothing", got)
	}
	for _, r := range asked.requests() {
		allowed := []string{"Accept-Encoding", "User-Agent", "Accept"}
		for name := range r.Header {
			if !slices.Contains(allowed, name) {
				t.Errorf("the provider gets a field %s: %q", name, r.Header[name])
			}
		}
		if strings.ContainsFunc(r.RequestURI, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
			t.Errorf("the provider is asked for %q", r.RequestURI)
		}
	}
	for _, user := range []testbed.User{testbed.John, testbed.Mary} {
		for _, raw := range s.dovecot.WaitInbox(user, 1) {
			cleanMail(t, raw)
		}
	}
	for _, command := range [][]string{{"queue", "--all"}, {"queue", "--all", "--json"}} {
		printable(t, s.run(command...))
	}
	ms, err := s.store().List(t.Context(), smsengine.Filter{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	traced := 0
	for _, m := range ms {
		if strings.ContainsFunc(m.Body.Text, does) && traced < 10 {
			printable(t, s.run("trace", string(m.ID)))
			traced++
		}
	}
	if traced == 0 {
		t.Error("no text with such characters was taken: the test tests nothing")
	}
	s.stop()
	log, err := os.ReadFile(s.log.Name())
	if err != nil {
		t.Fatal(err)
	}
	printable(t, string(log))
	for line := range strings.Lines(string(log)) {
		if !strings.HasPrefix(line, "time=20") || strings.Contains(line, "msg=http ") && strings.Contains(line, "zwieback") {
			t.Errorf("the log says %s", line)
		}
	}
}

// inject makes requests with nasty values in all their places.
func (s *site) inject(shop *program) {
	s.t.Helper()
	answered := func(status int, words string) {
		s.t.Helper()
		if status == 0 || status >= 500 || strings.Contains(words, "\r") {
			s.t.Errorf("an answer is %d %q", status, words)
		}
	}
	whole := func(name, value string) url.Values {
		form := url.Values{"number": {alice}, "data": {"hello"}, "user": {"shop"}, "pass": {serverPassword}}
		form.Set(name, value)
		return form
	}
	const kind = "application/x-www-form-urlencoded"
	for _, n := range nasty {
		for name, good := range map[string]string{
			"number": alice, "data": "hello", "user": "shop", "pass": "x", "key": "", "sender": "ACME", "reply": "john@example.org", "id": "office", "value": "a=b",
			"msgid": "m", "maxmsgs": "1", "validity": "10", "udh": "", "pid": "1", "dcs": "0", "flash": "0", "binary": "0", "receipt": "1", "authenticated": "1",
			"parts": "1", "condition": "", "unicode": "", "zwieback" + n: "1",
		} {
			for _, value := range []string{good + n, n + good} {
				answered(shop.do(http.MethodPost, "/sms/", whole(name, value).Encode(), "Content-Type", kind))
			}
			answered(shop.do(http.MethodGet, "/sms/?"+whole(name, good+n).Encode(), ""))
		}
		for name, good := range map[string]string{"id": "office", "pass": gatewayPassword, "number": alice, "data": "hello", "msgid": "m", "binary": "0", "udh": ""} {
			form := url.Values{"id": {"office"}, "pass": {gatewayPassword}, "number": {bob}, "data": {"hello"}}
			form.Set(name, good+n)
			answered(shop.do(http.MethodPost, "/sms/deliver.html", form.Encode(), "Content-Type", kind))
		}
		for _, name := range []string{"to", "text", "from", "reply_to", "gateway", "msgid", "data", "udh", "zwieback"} {
			ask := map[string]any{"to": alice, "text": "hello"}
			if was, there := ask[name]; there {
				n = fmt.Sprint(was, n)
			}
			ask[name] = n
			body, _ := json.Marshal(ask)
			answered(shop.do(http.MethodPost, "/v1/messages", string(body), "Authorization", shop.basic("shop"), "Content-Type", "application/json"))
		}
		for _, path := range []string{"/v1/messages?number=", "/v1/messages?cursor=", "/v1/messages/", "/v1/incoming/", "/", "/sms/"} {
			answered(shop.do(http.MethodGet, path+url.QueryEscape(n), "", "Authorization", shop.basic("shop"), "User-Agent", "x"+strings.Map(field, n), "X-Forwarded-For", strings.Map(field, n)))
		}
	}
}

// field leaves of a value what the client's own library lets through in a field.
func field(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

// cleanMail looks whether the header of a mail has fields that nobody meant, or
// what no reader should see.
func cleanMail(t *testing.T, raw []byte) {
	t.Helper()
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	if bytes.Contains(bytes.ToLower(head), []byte("\nx-injected")) {
		t.Errorf("a mail has a field that a stranger wrote:\n%s", head)
	}
	for line := range strings.SplitSeq(string(head), "\r\n") {
		words, err := new(mime.WordDecoder).DecodeHeader(strings.ReplaceAll(line, "\t", " "))
		if err != nil {
			t.Errorf("%v in %q", err, line)
		}
		printable(t, words)
	}
}

// does reports whether a character does something with those around it.
func does(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == unicode.ReplacementChar)
}

// printable wants no characters that do something.
func printable(t *testing.T, text string) {
	t.Helper()
	if i := strings.IndexFunc(text, does); i >= 0 {
		t.Errorf("%+q is there", text[max(0, i-100):min(len(text), i+100)])
	}
}

// injected is a provider that takes all texts, and remembers how it was asked.
type injected struct {
	mu  sync.Mutex
	all []*http.Request
}

func (i *injected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.all = append(i.all, r)
	_, _ = io.WriteString(w, "OK")
}

func (i *injected) requests() []*http.Request {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.all
}

// injectable is a site whose gateway is such a provider, for which others bring
// texts.
func injectable(t *testing.T) (*site, *injected) {
	t.Helper()
	asked := &injected{}
	server := httptest.NewServer(asked)
	t.Cleanup(server.Close)
	s := newSite(t, "[log]\nlevel = \"debug\"\n")
	s.stop()
	for name, line := range map[string]string{
		"deliver": gatewayPassword, "secrets": "url=" + server.URL + "/%number%/send?to=%number%&text=%data%&from=%sender%&name=%msgid%&dcs=%dcs%",
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.edit("id = \"sim\"\ntype = \"sim\"", fmt.Sprintf("id = \"office\"\ntype = \"http\"\nconcurrency = 16\ndeliver_file = %q", filepath.Join(s.dir, "deliver")))
	s.edit("[gateway.sim]\nreceipt_delay = \"10ms\"", fmt.Sprintf("[gateway.http]\nprovider = \"generic-url\"\nsecrets_file = %q\n", filepath.Join(s.dir, "secrets")))
	return s, asked
}
