package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// company is one that takes texts over HTTP, and remembers each request by
// what the text says.
type company struct {
	mu    sync.Mutex
	texts map[string]url.Values
}

func (o *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.texts[r.URL.Query().Get("text")] = r.URL.Query()
}

// got waits until the provider has a text, and gives what it was asked for.
func (o *company) got(p *postel, text string) (asked url.Values) {
	p.t.Helper()
	p.wait("the provider to have "+text, func() error {
		o.mu.Lock()
		defer o.mu.Unlock()
		if asked = o.texts[text]; asked == nil {
			return fmt.Errorf("it has %v", o.texts)
		}
		return nil
	})
	return asked
}

// What phones show as the sender is what the account, the domain or the site says,
// or what the writer may choose, whatever door the text comes through; the trace
// tells what it really was. Nobody writes in another's name.
func TestCallerID(t *testing.T) {
	p := newDirect(t, "sender = \"+1 555 555 0123\"\n", "")
	firm := &company{texts: map[string]url.Values{}}
	server := httptest.NewServer(firm)
	defer server.Close()
	keep := func(name, text string) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(p.dir, name)), 0o700), os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	keep("secrets", "url="+server.URL+"/?to=%number%&text=%data%&from=%sender%&alias=%sender_phonealias%\n")
	p.edit("[gateway.sim]", fmt.Sprintf(`[[gateway]]
id = "company"
type = "http"
number = "+15555550111"
default_recipient = "mary@example.org"
[gateway.http]
provider = "generic-url"
secrets_file = %q
#`, filepath.Join(p.dir, "secrets")))
	p.edit("journal =", "#journal =")
	p.edit("receipt_delay =", "#receipt_delay =")
	keep("rules/outgoing.toml", `
[[rule]]
title = "The subject names the sender"
if.header.x-sender.matches = "."
then.sender = "%%header.x-sender%%"

[[rule]]
title = "The office has a name"
if.text.starts = "office"
then.sender = "OFFICE"
`)
	base := p.openHTTP("") // starts it
	p.withPassword(serverPassword, "account", "add", "shop", "sender=+15555550124", "sender_allow=own,Example,+1444*", "--owns", "john@example.org", "--password-stdin")
	client := p.program(base)

	mail := func(params, text string, header ...string) error {
		c, err := p.session()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		to := `"+15551234567` + params + `"@sms.example.org`
		answers, err := deliver(c, write(regexp.MustCompile(`\W`).ReplaceAllString(text, "-"), to, strings.Join(header, ""), text), to)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range answers {
			return err
		}
		return nil
	}
	shown := func(text, from, alias string) {
		t.Helper()
		if got := firm.got(p, text); got.Get("from") != from || got.Get("alias") != alias {
			t.Errorf("%s: the provider was asked for the sender %q and alias %q, want %q and %q", text, got.Get("from"), got.Get("alias"), from, alias)
		}
	}
	refusal := func(what, answer, code string) {
		t.Helper()
		if !strings.Contains(answer, code) || strings.Contains(answer, "0124") {
			t.Errorf("%s: %s", what, answer)
		}
	}

	// By mail, under the terms of the site.
	if err := mail("", "by mail"); err != nil {
		t.Fatal(err)
	}
	shown("by mail", "+15555550123", "+15555550123")
	if err := mail("?sender=%2B15555550111&id=company", "the number of the gateway"); err != nil {
		t.Fatal(err)
	}
	shown("the number of the gateway", "+15555550111", "+15555550123")
	refusal("by mail", fmt.Sprint(mail("?sender=BANK", "a bank")), "may not choose this sender")
	refusal("by mail", fmt.Sprint(mail("?value=%26from=BANK", "a bank")), "value=")

	// By the rules: their own word, and the writer's in their mouth.
	if err := mail("", "office is open"); err != nil {
		t.Fatal(err)
	}
	shown("office is open", "OFFICE", "+15555550123")
	refusal("by a rule", fmt.Sprint(mail("", "spoofed", "X-Sender: BANK\r\n")), "may not choose this sender")

	// By programs, under those of the account.
	for _, x := range []struct{ sender, want string }{
		{"", "+15555550124"}, {"EXAMPLE", "Example"}, {"+1 (444) 555-0123", "+14445550123"}, {"BANK", ""}, {"+15555550123", ""}, {"ABCDEFGHIJKL", ""},
	} {
		text := "from /sms/ as " + x.sender
		status, answer := client.form("/sms/", "user", "shop", "pass", serverPassword, "number", alice, "data", text, "sender", x.sender)
		if x.want != "" {
			shown(text, x.want, "+15555550124")
		} else if status < 400 || !strings.Contains(answer, "sender") {
			t.Errorf("%s: %d %s", text, status, answer)
		}
		text = "from /v1/ as " + x.sender
		status, answer = client.do(http.MethodPost, "/v1/messages", fmt.Sprintf(`{"to":%q,"text":%q,"from":%q}`, alice, text, x.sender), "Authorization", client.basic("shop"), "Content-Type", "application/json")
		if x.want != "" {
			shown(text, x.want, "+15555550124")
		} else if status < 400 || !strings.Contains(answer, "sender") {
			t.Errorf("%s: %d %s", text, status, answer)
		}
	}

	// From the command line.
	p.run("send", alice, "typed")
	shown("typed", "+15555550123", "+15555550123")
	p.run("send", alice, "office by hand")
	shown("office by hand", "OFFICE", "+15555550123")

	// And the trace says what it was.
	p.settle()
	for text, from := range map[string]string{"typed": "from +15555550123", "office by hand": "from OFFICE"} {
		if trace := p.traced(text); !strings.Contains(trace, from) {
			t.Errorf("the trace of %q has no %q:\n%s", text, from, trace)
		}
	}
}

// traced is the trace of the message that says so.
func (p *postel) traced(text string) string {
	p.t.Helper()
	for line := range strings.Lines(p.run("queue", "-all")) {
		if f := strings.Fields(line); len(f) > 0 && len(f[0]) > 20 {
			if trace := p.run("trace", f[0]); strings.Contains(trace, text+"\n") {
				return trace
			}
		}
	}
	p.t.Fatalf("no message says %q", text)
	return ""
}
