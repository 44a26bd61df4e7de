package e2e

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	twilioAccount = "AC00112233445566778899aabbccddeeff"
	twilioToken   = "00112233445566778899aabbccddeeff"
	exampleKey    = "key-0815"
)

// The guide is followed word by word, with providers that behave as the guide and
// Twilio's documents say. What is played: the files of /etc/postel are elsewhere,
// systemctl is the test, and the answers are typed in advance.
func TestSendThroughAProvider(t *testing.T) {
	text, err := os.ReadFile("../../docs/http-gateways.md")
	if err != nil {
		t.Fatal(err)
	}
	p := newPostel(t, "")
	f := newProviders(t, filepath.Join(p.dir, "hooks"))
	guide := strings.NewReplacer(
		"/etc/postel", p.dir,
		"inet:127.0.0.1:8026", "unix:"+f.hooks,
		"https://sms.example.net", f.url,
		"https://api.example.com", f.url,
	).Replace(string(text))

	tomls := fenced(guide, "toml")
	if len(tomls) != 2 || !strings.HasPrefix(tomls[0], "[hooks]") || !strings.HasPrefix(tomls[1], "# "+p.dir+"/gateways.d/example.toml\n") {
		t.Fatalf("the guide has other blocks of configuration: %q", tomls)
	}
	p.edit("hostname", fmt.Sprintf("providers = %q\n[address]\nphone_domains = [\"sms.example.org\"]\n[access]\ndomains = [\"example.org\"]\n"+
		"send = true\nmonthly_limit = 50\n[mail]\nto = \"maildir:%s/mail\"\n%s#", p.dir+"/gateways.d", p.dir, tomls[0]))
	place(t, p.dir+"/gateways.d/example.toml", tomls[1])
	twilio, err := os.ReadFile("../../contrib/gateways/twilio.toml")
	if err != nil {
		t.Fatal(err)
	}
	place(t, p.dir+"/gateways.d/twilio.toml", strings.ReplaceAll(string(twilio), "https://api.twilio.com", f.url))

	out := follow(t, p, guide, twilioToken, "", exampleKey)
	for _, want := range []string{
		"delivered: the phone has it", "reference SM", "In Twilio's console",
		"sent: URL took it, and does not tell what becomes of texts", "example  Example Texts",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	for _, secret := range []string{twilioToken, exampleKey, "pass=secret"} {
		if strings.Contains(out, secret) {
			t.Errorf("a secret was printed:\n%s", out)
		}
	}
	if got := f.taken(); !slices.Equal(got, []string{"twilio +15551234567", "house 0015551234567", "example +15551234567"}) {
		t.Errorf("the providers took %q", got)
	}

	address := regexp.MustCompile(`https://sms\.example\.org/hooks/twilio/\w+`).FindString(out)
	answer := url.Values{"From": {alice}, "To": {ourNumber}, "Body": {"It does, on my side too"}, "MessageSid": {"SMfromalice"}}
	if status := f.bring(address, answer, "wrong"); status != http.StatusForbidden {
		t.Errorf("a request with a wrong signature got %d", status)
	}
	if status := f.bring(address, answer, twilioToken); status != http.StatusNoContent {
		t.Errorf("an answer got %d", status)
	}
	p.wait("the answer", func() error {
		mails, _ := filepath.Glob(filepath.Join(p.dir, "mail/new/*"))
		if len(mails) == 0 {
			return fmt.Errorf("no mail")
		}
		b, err := os.ReadFile(mails[0])
		if !strings.Contains(string(b), "on my side too") || !strings.Contains(string(b), "office@example.org") {
			return fmt.Errorf("%w: %s", err, b)
		}
		return nil
	})
}

// follow runs the commands of a guide one after the other and gives all that they
// print. The answers to its questions stand in the guide, except for what does not
// show: secrets, in the order of the questions, "" where the guide shows it.
func follow(t *testing.T, p *postel, guide string, secrets ...string) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	typed := typed(guide, secrets...)
	var printed strings.Builder
	for command := range strings.Lines(strings.Join(fenced(guide, "sh"), "")) {
		command = strings.TrimSpace(command)
		if command == "systemctl reload-or-restart postel" {
			p.apply()
			continue
		}
		sh := exec.Command("sh", "-euc", strings.Replace(command, "postel ", path+" ", 1))
		if before, after, ok := strings.Cut(command, " >>"); ok {
			sh.Args[2] = strings.Replace(before, "postel ", path+" ", 1) + " -c " + p.config + " >>" + after
		} else {
			sh.Args[2] += " -c " + p.config
		}
		if strings.HasPrefix(command, "postel gateway new") {
			sh.Stdin = strings.NewReader(typed[0])
			typed = typed[1:]
		}
		out, err := sh.CombinedOutput()
		fmt.Fprintf(&printed, "$ %s\n%s", command, out)
		if err != nil {
			t.Fatalf("%v\n%s", err, printed.String())
		}
	}
	if len(typed) > 0 {
		t.Errorf("the guide has %d dialogues without a command", len(typed))
	}
	return printed.String()
}

// typed gives the answers of each dialogue of a guide, in lines.
func typed(guide string, secrets ...string) (all []string) {
	for _, dialogue := range fenced(guide, "text") {
		if !strings.HasPrefix(dialogue, "Your number") {
			continue
		}
		lines := ""
		for line := range strings.Lines(dialogue) {
			question, answer, _ := strings.Cut(strings.TrimSuffix(line, "\n")+" ", ": ")
			if strings.HasSuffix(question, "(not shown)") {
				if secrets[0] != "" {
					answer = secrets[0]
				}
				secrets = secrets[1:]
			}
			lines += strings.TrimSpace(answer) + "\n"
		}
		all = append(all, lines)
	}
	return all
}

func place(t *testing.T, path, contents string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(contents), 0o644); err != nil {
		t.Fatal(err)
	}
}

// providers are the three of the guide: Twilio, one that wants one URL, and the
// one of its example.
type providers struct {
	t     *testing.T
	url   string
	hooks string // the socket of Postel's hooks
	calls sync.WaitGroup

	mu   sync.Mutex
	took []string
}

func newProviders(t *testing.T, hooks string) *providers {
	f := &providers{t: t, hooks: hooks}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/"+twilioAccount+"/Messages.json", f.twilio)
	mux.HandleFunc("GET /send", f.house)
	mux.HandleFunc("POST /v1/texts", f.example)
	s := httptest.NewServer(mux)
	f.url = s.URL
	t.Cleanup(func() { s.Close(); f.calls.Wait() })
	return f
}

func (f *providers) take(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.took = append(f.took, text)
}

func (f *providers) taken() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.took
}

func (f *providers) twilio(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != twilioAccount || password != twilioToken {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code": 20003, "message": "Authenticate", "status": 401}`)
		return
	}
	f.take("twilio " + r.FormValue("To"))
	callback := r.FormValue("StatusCallback")
	w.WriteHeader(http.StatusCreated)
	fmt.Fprint(w, `{"sid": "SM1f0e8ae6ade43cb3c0ce4525424e404f", "status": "queued"}`)
	f.calls.Go(func() {
		for _, state := range []string{"sent", "delivered"} {
			form := url.Values{"MessageSid": {"SM1f0e8ae6ade43cb3c0ce4525424e404f"}, "MessageStatus": {state}, "To": {alice}}
			if status := f.bring(callback, form, twilioToken); status != http.StatusNoContent {
				f.t.Errorf("the receipt %q got %d", state, status)
			}
		}
	})
}

func (f *providers) house(w http.ResponseWriter, r *http.Request) {
	if q := r.URL.Query(); q.Get("user") == "postel" && q.Get("pass") == "secret" && q.Get("text") != "" {
		f.take("house " + q.Get("to"))
		return
	}
	w.WriteHeader(http.StatusForbidden)
}

func (f *providers) example(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Api-Key") != exampleKey {
		fmt.Fprint(w, "ERROR 13: who are you?")
		return
	}
	f.take("example " + r.FormValue("to"))
	callback := r.FormValue("callback")
	fmt.Fprint(w, "OK 4711\n")
	f.calls.Go(func() { f.bring(callback, url.Values{"id": {"4711"}, "status": {"DELIVERED"}}, "") })
}

// bring calls an address of Postel's, signed as Twilio does, and gives the HTTP
// status of the answer.
func (f *providers) bring(address string, form url.Values, key string) int {
	signed := address
	for _, name := range slices.Sorted(maps.Keys(form)) {
		signed += name + form.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(signed))
	r, err := http.NewRequest(http.MethodPost, strings.Replace(address, "https:", "http:", 1), strings.NewReader(form.Encode()))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", f.hooks)
	}}}
	resp, err := client.Do(r)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
