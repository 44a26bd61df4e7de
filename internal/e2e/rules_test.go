package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
)

// Numbers that the rules of these tests know.
const (
	usPhone  = "+15555550142"
	caPhone  = "+15556660142"
	premium  = "+15559000142"
	onCall   = "+15555550199"
	usNumber = "+15555550101"
	caNumber = "+15556660101"
)

// twoMore are gateways beside that of each site.
const twoMore = `
[[gateway]]
id = "us"
type = "sim"
number = "` + usNumber + `"
default_recipient = "mary@example.org"
[gateway.sim]
sender = true
receipts = false
[[gateway]]
id = "ca"
type = "sim"
number = "` + caNumber + `"
default_recipient = "mary@example.org"
[gateway.sim]
receipts = false
`

// rules puts a file of rules in place, as an editor does, and waits until the
// service says what it makes of it.
func (p *postel) rules(file, text, says string) {
	p.t.Helper()
	log := func() []byte {
		b, _ := os.ReadFile(p.log.Name())
		return b
	}
	before := len(log())
	p.put("rules/"+file, text)
	p.wait("the service to say "+says, func() error {
		if !strings.Contains(string(log()[before:]), says) {
			return errors.New("it has not")
		}
		return nil
	})
}

// put writes a file beside the configuration, all at once.
func (p *postel) put(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path+".new", []byte(text), 0o600), os.Rename(path+".new", path))
	if err != nil {
		p.t.Fatal(err)
	}
}

// traceOf is the trace of the message about which the list of all has a line with
// the words.
func (p *postel) traceOf(words ...string) string {
	p.t.Helper()
	trace := ""
	p.wait(fmt.Sprintf("a message with %q", words), func() error {
		list := p.run("queue", "-all")
	next:
		for line := range strings.Lines(list) {
			for _, w := range words {
				if !strings.Contains(line, w) {
					continue next
				}
			}
			trace = p.run("trace", strings.Fields(line)[0])
			return nil
		}
		return errors.New(list)
	})
	return trace
}

// has wants each of the words in a text.
func has(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s has no %q:\n%s", what, w, text)
		}
	}
}

const outgoing = `
[[rule]]
title = "No premium numbers"
if.to.starts = "+1555900"
then.reject = "Premium numbers cannot be texted from here."

[[rule]]
title = "No secrets"
if.text.contains = ["codeword", "password"]
then.reject = "Secrets stay in the house."

[[rule]]
title = "Jokes stay here"
if.text.contains = "knock knock"
then.archive = "mary@example.org"
then.drop = true

[[rule]]
title = "Least cost"
if.to.starts = "+1555666"
then.gateway = [{ name = "ca", cost = 0.03 }, { name = "us", cost = 0.08 }]

[[rule]]
title = "America"
if.to.starts = "+1"
if.routed = false
then.gateway = ["us", "ca"]

[[rule]]
title = "Sales show their number"
if.from = "john@example.org"
then.sender = "+15555550177"

[[rule]]
title = "Mary reads of invoices"
if.text.contains = "invoice"
then.copy = "mary@example.org"

[[rule]]
title = "Pager"
if.text.contains = "fire"
then.run = { command = ["/bin/sh", "DIR/page", "--", "%%to%%", "%%text%%"], stdin = "%%from%%" }
`

const incoming = `
[[rule]]
title = "Orders"
if.text.starts = "ORDER"
stop = true
[[rule.then]]
edit.subject = "An order from %%from%%"
forward = "john@example.org"
copy = "` + onCall + `"

[[rule]]
title = "The rest is Mary's"
if.routed = false
then.forward = "mary@example.org"
`

// What an administrator decides by rules, seen by those who write and read: in
// their SMTP sessions, mailboxes and on their phones.
func TestRulesBehindPostfix(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoMore)
	s.put("page", `printf '%s\n' "$@" >"`+s.dir+`/paged"; cat >>"`+s.dir+`/paged"; echo paged`)
	s.put("rules/incoming.toml", incoming)
	s.rules("outgoing.toml", strings.ReplaceAll(outgoing, "DIR", s.dir), "rules loaded")

	// The gateway is that of the prefix, and the sender the one that the rule shows,
	// where the gateway can.
	s.from(testbed.John, "1", usPhone+"@sms.example.org", "invoice 12 is due")
	if got := s.inbox(usPhone, 1)[0]; got.From != "+15555550177" || got.Text != "invoice 12 is due" {
		t.Errorf("the phone in America has %+v", got)
	}
	s.from(testbed.John, "2", caPhone+"@sms.example.org", "hello")
	if got := s.inbox(caPhone, 1)[0]; got.From != caNumber {
		t.Errorf("the phone in Canada has %+v", got)
	}
	has(t, "the trace", s.traceOf("text", usPhone), "Mary reads of invoices", "America", "Sales show their number", "us")
	has(t, "the trace", s.traceOf("text", caPhone), "Least cost", "ca")
	copied, body := parse(t, s.dovecot.WaitInbox(testbed.Mary, 1)[0])
	if !strings.Contains(body, "invoice 12 is due") {
		t.Errorf("mary reads %q, %v", body, copied.Header)
	}

	// What is certain by the number is refused at RCPT TO, for users and strangers.
	s.asks(&testbed.John, "john@example.org", premium+"@sms.example.org", "550 5.7.1 Premium numbers cannot be texted from here.", usPhone+"@sms.example.org", "250")

	// What depends on the text, when it is there: the mail server has taken the mail by
	// then, and reports.
	s.from(testbed.John, "3", usPhone+"@sms.example.org", "the codeword is zwieback")
	report, body := parse(t, s.dovecot.WaitInbox(testbed.John, 1)[0])
	if !strings.Contains(body, "Diagnostic-Code: smtp; 550 5.7.1 Secrets stay in the house.") {
		t.Errorf("john reads %v, %s", report.Header, body)
	}

	// What is dropped is archived first, and nobody is told.
	s.from(testbed.John, "4", usPhone+"@sms.example.org", "knock knock")
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.Mary, 2)[1]); !strings.Contains(body, "knock knock") {
		t.Errorf("the archive reads %q", body)
	}
	has(t, "the trace", s.traceOf("text", "cancelled"), "dropped by the rule Jokes stay here")

	// A program gets the text as one argument.
	s.from(testbed.John, "5", usPhone+"@sms.example.org", "fire in $(reboot); cellar")
	s.inbox(usPhone, 2)
	has(t, "the trace of the program", s.traceOf("deed", "Pager", "delivered"), "paged", "Pager")
	if b, err := os.ReadFile(filepath.Join(s.dir, "paged")); string(b) != "--\n"+usPhone+"\nfire in $(reboot); cellar\njohn@example.org" {
		t.Errorf("the program got %q, %v", b, err)
	}

	// A text from a phone goes by its first word.
	s.run("sim", "send", "--from", alice, "--to", caNumber, "ORDER 12 pumps")
	order, body := parse(t, s.dovecot.WaitInbox(testbed.John, 2)[1])
	if order.Header.Get("Subject") != "An order from "+alice || !strings.Contains(body, "ORDER 12 pumps") {
		t.Errorf("john reads %v, %q", order.Header, body)
	}
	if got := s.inbox(onCall, 1)[0]; !strings.Contains(got.Text, "ORDER 12 pumps") {
		t.Errorf("who is on call has %+v", got)
	}
	s.run("sim", "send", "--from", alice, "--to", caNumber, "hello?")
	if _, body := parse(t, s.dovecot.WaitInbox(testbed.Mary, 3)[2]); !strings.Contains(body, "hello?") {
		t.Errorf("mary reads %q", body)
	}
	has(t, "the trace", s.traceOf("incoming", "john@example.org"), "Orders", onCall)

	// A bad file changes nothing; a good one everything, at once.
	s.rules("outgoing.toml", strings.ReplaceAll(outgoing, `name = "ca"`, `name = "ac"`), "outgoing.toml:21:19: there is no gateway")
	s.from(testbed.John, "6", caPhone+"@sms.example.org", "as before")
	if got := s.inbox(caPhone, 2)[1]; got.From != caNumber {
		t.Errorf("with a bad file the phone in Canada has %+v", got)
	}
	s.rules("outgoing.toml", "[[rule]]\ntitle = \"Canada closed\"\nif.to.starts = \"+1555666\"\nthen.reject = \"Closed.\"\n", "rules loaded")
	s.asks(&testbed.John, "john@example.org", caPhone+"@sms.example.org", "550 5.7.1 Closed.", usPhone+"@sms.example.org", "250")
	s.settle()
	if n := len(s.inbox(usPhone, 2)); n != 2 {
		t.Errorf("the phone in America has %d texts", n)
	}
}

// A gateway that fails while many texts wait: all arrive, over the other, and each
// once.
func TestGatewayFailsUnderLoad(t *testing.T) {
	t.Parallel()
	s := newSite(t, twoMore+"fail = [\"+1* temporary\"]\n")
	s.rules("outgoing.toml", "[[rule]]\ntitle = \"Both\"\nif.always = true\nthen.gateway = [\"ca\", \"us\"]\n", "rules loaded")
	const n = 40
	phone := func(i int) string { return fmt.Sprintf("+1555555%04d", 100+i) }
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			s.from([]testbed.User{testbed.John, testbed.Mary}[i%2], fmt.Sprint("f", i), phone(i)+"@sms.example.org", fmt.Sprintf("text %d", i))
		})
	}
	all.Wait()
	for i := range n {
		if got := s.inbox(phone(i), 1); got[0].Text != fmt.Sprintf("text %d", i) || got[0].From != usNumber {
			t.Errorf("%s has %+v", phone(i), got)
		}
	}
	counts := s.settle()
	if counts[smsengine.Text][smsengine.Sent] != n {
		t.Errorf("%v", counts)
	}
	for i := range n {
		if got := s.inbox(phone(i), 1); len(got) != 1 {
			t.Errorf("%s has %+v", phone(i), got)
		}
	}
	has(t, "the trace", s.traceOf("text", "sent", phone(0)), "Both", "us")
}
