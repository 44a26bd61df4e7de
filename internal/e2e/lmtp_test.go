package e2e

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// newDirect is Postel without a mail server: an LMTP socket that trusts its
// peers, the simulated network, and a Maildir in place of the MTA.
func newDirect(t *testing.T, access, sim string) *postel {
	t.Helper()
	p := newPostel(t, "")
	p.edit("hostname", `[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org"]
send = true
rate = "none"
daily_ceiling = 0
`+access+`
[lmtp]
listen = "unix:`+filepath.Join(p.dir, "lmtp")+`"
trust = true
peers = []
[mail]
to = "maildir:`+filepath.Join(p.dir, "mail")+`"
[[gateway]]
id = "sim"
type = "sim"
number = "`+ourNumber+`"
default_recipient = "mary@example.org"
concurrency = 8
[gateway.sim]
journal = "`+filepath.Join(p.dir, "journal")+`"
receipt_delay = "10ms"
`+sim+"\n#hostname")
	return p
}

// session is an LMTP session with Postel's socket.
func (p *postel) session() (*smtp.Client, error) {
	conn, err := net.Dial("unix", filepath.Join(p.dir, "lmtp"))
	if err != nil {
		return nil, err
	}
	return smtp.NewClientLMTP(conn), nil
}

// deliver hands over one mail to one or more phones, and gives the answer for
// each recipient: nil for 250.
func deliver(c *smtp.Client, mail []byte, to ...string) (map[string]error, error) {
	answers := make(map[string]error)
	if err := c.Mail("john@example.org", nil); err != nil {
		return nil, err
	}
	accepted := 0
	for _, r := range to {
		err := c.Rcpt(r, nil)
		if err == nil {
			accepted++
			continue
		}
		answers[r] = err
	}
	if accepted == 0 {
		return answers, c.Reset()
	}
	w, err := c.Data()
	if err != nil {
		return answers, err
	}
	if _, err := w.Write(mail); err != nil {
		return answers, err
	}
	taken, err := w.CloseWithLMTPResponse()
	for r := range taken {
		answers[r] = nil
	}
	if refused, ok := errors.AsType[smtp.LMTPDataError](err); ok {
		for r, why := range refused {
			answers[r] = why
		}
		err = nil
	}
	return answers, err
}

// code is the reply code of an answer.
func code(err error) int {
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return e.Code
	}
	if err == nil {
		return 250
	}
	return 0
}

func phone(n int) string { return fmt.Sprintf("+1555%07d@sms.example.org", n) }

func number(addr string) string { n, _, _ := strings.Cut(addr, "@"); return n }
