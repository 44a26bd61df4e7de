package testbed_test

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// The mailboxes are reached without TLS, with STARTTLS and over TLS, by their
// owners and by the master user; and nobody else.
func TestDovecotLogins(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John)
	trust := &imapclient.Options{TLSConfig: h.TLS()}
	ways := map[string]func() (*imapclient.Client, error){
		"plain":    func() (*imapclient.Client, error) { return imapclient.DialInsecure(d.IMAP, nil) },
		"starttls": func() (*imapclient.Client, error) { return imapclient.DialStartTLS(d.IMAP, trust) },
		"tls":      func() (*imapclient.Client, error) { return imapclient.DialTLS(d.IMAPS, trust) },
	}
	for name, dial := range ways {
		for _, login := range []struct {
			user, password string
			right          bool
		}{
			{"john@example.org", testbed.John.Password, true},
			{"john@example.org*postel", testbed.Master.Password, true},
			{"john@example.org*postel", testbed.John.Password, false},
			{"nobody-here@example.org*postel", testbed.Master.Password, false},
		} {
			c, err := dial()
			if err != nil {
				t.Fatal(name, err)
			}
			if err := c.Login(login.user, login.password).Wait(); (err == nil) != login.right {
				t.Errorf("%s: %s with %s: %v", name, login.user, login.password, err)
			}
			c.Close()
		}
	}
	// The certificate is good for the address, too.
	byAddress := h.TLS()
	byAddress.ServerName = h.Addr
	c, err := tls.Dial("tcp", d.IMAPS, byAddress)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// A Sieve script answers and forwards, mail comes in over LMTP on the network,
// and a mailbox that is full or gone refuses.
func TestDovecotSortsAndRefuses(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{})
	d.Sieve(testbed.John, `require ["vacation", "copy"];
redirect :copy "mary@example.org";
vacation :addresses "john@example.org" "I am away.";
`)
	deliver := func() error {
		conn, err := net.Dial("tcp", d.LMTP)
		if err != nil {
			t.Fatal(err)
		}
		c := smtp.NewClientLMTP(conn)
		defer c.Close()
		return c.SendMail("mary@example.org", []string{"john@example.org"}, strings.NewReader(toJohn))
	}
	if err := deliver(); err != nil {
		t.Fatal(err)
	}
	d.WaitInbox(testbed.John, 1)
	all := ""
	for _, m := range d.WaitInbox(testbed.Mary, 2) {
		all += string(m)
	}
	if !strings.Contains(all, "I am away.") || !strings.Contains(all, "Hello.") {
		t.Errorf("mary reads %s", all)
	}
	p.WaitQueue(0)

	d.Quota(testbed.John, "1B")
	if err := deliver(); err == nil || !strings.Contains(err.Error(), "552") {
		t.Errorf("a full mailbox says %v", err)
	}
	d.Remove(testbed.John)
	if err := deliver(); err == nil || !strings.Contains(err.Error(), "550") {
		t.Errorf("a mailbox that is gone says %v", err)
	}
	d.Quota(testbed.John, "1M")
	d.Stop()
	d.Start()
	if n := len(d.Inbox(testbed.John)); n != 1 {
		t.Errorf("after a restart john has %d mails", n)
	}
}

const toJohn = "From: mary@example.org\r\nTo: john@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"
