package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine"
)

// The passwords of these tests are words that stand nowhere else, so that they
// can be searched for.
const alertPassword = "zwieback-alert"

// withPassword runs a command with a password on its standard input.
func (p *postel) withPassword(password string, args ...string) {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(path, append(args, "-c", p.config)...)
	cmd.Stdin = strings.NewReader(password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("postel %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// used is what an account has sent this month.
func (p *postel) used(account string) int {
	p.t.Helper()
	of, err := p.store().UsageOf(context.Background(), account)
	if err != nil {
		p.t.Fatal(err)
	}
	n := 0
	for period, u := range of {
		if len(period) == len("2026-11") {
			n += u.Used
		}
	}
	return n
}

// asks tries recipients in one mail of a stranger, or of a user who signed in,
// and wants the answers.
func (s *site) asks(user *testbed.User, from string, wants ...string) {
	s.t.Helper()
	c := s.postfix.Dial
	if user != nil {
		c = func() *smtp.Client { return s.postfix.Login(*user) }
	}
	client := c()
	if err := client.Mail(from, nil); err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(wants); i += 2 {
		got := "250"
		if err := client.Rcpt(wants[i], nil); err != nil {
			e, ok := err.(*smtp.SMTPError)
			if !ok {
				s.t.Fatal(err)
			}
			got = fmt.Sprintf("%d %d.%d.%d %s", e.Code, e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2], e.Message)
		}
		if !strings.HasPrefix(got, wants[i+1]) || strings.Contains(got, "zwieback") {
			s.t.Errorf("RCPT TO:<%s>: %s, want %s", wants[i], got, wants[i+1])
		}
	}
	_ = client.Quit()
}

// Credentials of the address stand for who has not signed in: the account pays,
// and whoever has the wrong ones is told so at once.
func TestCredentialsInTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.withPassword(alertPassword, "account", "add", "smsalerts", "monthly_limit=20", "--contact", "mary@example.org", "--password-stdin")
	s.withPassword("zwieback-paul", "account", "add", "paul@example.org", "--password-stdin")
	with := func(query string) string { return `"sms:+15551234567?` + query + `"@example.org` }

	c := s.postfix.Dial()
	if err := c.SendMail("monitor@example.com", []string{with("user=smsalerts&pass=" + alertPassword)}, strings.NewReader(string(write("disk", "x@example.org", "", "disk full")))); err != nil {
		t.Fatal(err)
	}
	if got := s.inbox(alice, 1)[0].Text; got != "disk full" {
		t.Errorf("the phone has %q", got)
	}
	if n := s.used("smsalerts"); n != 1 {
		t.Errorf("smsalerts has used %d parts", n)
	}
	s.asks(nil, "monitor@example.com",
		with("user=smsalerts&pass=zwieback-wrong"), "550 5.7.8 user name or password in the address is wrong",
		with("user=nobody&pass="+alertPassword), "550 5.7.8 user name or password in the address is wrong",
		with("user=smsalerts"), "550 5.7.8",
		with("key=0123456789abcdefghjkmnpqrs"), "550 5.7.8",
		alice+"@sms.example.org", "550 5.7.1",
		with("user=paul=40example.org&pass=zwieback-paul"), "250",
	)
	s.run("account", "disable", "smsalerts")
	s.asks(nil, "monitor@example.com", with("user=smsalerts&pass="+alertPassword), "550 5.7.1 the account smsalerts is switched off")
}

// A key opens one number, in whatever case the mail servers write it, until it is
// revoked.
func TestKeyInTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.run("account", "add", "alarm", "monthly_limit=5")
	printed := s.run("account", "key", "alarm", "--to", alice, "--note", "pump")
	address := ""
	for _, word := range strings.Fields(printed) {
		if strings.Contains(word, "@sms.example.org") {
			address = strings.Trim(word, `<>"`)
		}
	}
	if !strings.Contains(address, "key=") {
		t.Fatalf("no address in %s", printed)
	}
	other := strings.Replace(address, alice, "+15551234568", 1)
	s.asks(nil, "pump@example.com", address, "250", strings.ToUpper(address[:strings.Index(address, "@")])+"@sms.example.org", "250", other, "550 5.7.8")
	c := s.postfix.Dial()
	if err := c.SendMail("pump@example.com", []string{address}, strings.NewReader(string(write("pump", "x@example.org", "", "water")))); err != nil {
		t.Fatal(err)
	}
	s.inbox(alice, 1)
	if n := s.used("alarm"); n != 1 {
		t.Errorf("alarm has used %d parts", n)
	}
	id := strings.Fields(strings.Split(s.run("account", "keys", "alarm"), "\n")[1])[0]
	s.run("account", "revoke", id)
	s.asks(nil, "pump@example.com", address, "550 5.7.8")
}

// Each limit has its own answer, at RCPT TO.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.run("account", "add", "john@example.org", "rate=2/24h", "allow=home,+44")
	s.run("account", "add", "mary@example.org", "rate=none", "monthly_limit=1", "expires=none")
	s.asks(&testbed.John, "john@example.org",
		alice+"@sms.example.org", "250",
		"+447400123456@sms.example.org", "250",
		"+15551234568@sms.example.org", "450 4.7.1 too fast: at most 2 parts in 24h",
	)
	s.asks(&testbed.Mary, "mary@example.org",
		"+4915112345678@sms.example.org", "550 5.7.1 texts to this country",
		"+19005550123@sms.example.org", "550 5.7.1 texts to premium-rate",
		"+881612345678@sms.example.org", "550 5.7.1 texts to satellite",
		"72727@sms.example.org", "553 5.1.3 72727 is too short",
		alice+"@sms.example.org", "250",
		"+15551234568@sms.example.org", "552 5.2.2 the monthly limit of 1 parts is reached; it resets on ",
	)
	s.run("account", "set", "mary@example.org", "send=false")
	s.asks(&testbed.Mary, "mary@example.org", alice+"@sms.example.org", "550 5.7.1 you may not send texts")
	if x := s.run("account", "explain", "mary@example.org"); !strings.Contains(x, "account mary@example.org") || !strings.Contains(x, "built-in") {
		t.Errorf("explain says\n%s", x)
	}
}

// A mail warns at 80 percent of a limit, once.
func TestWarningMail(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.run("account", "add", "john@example.org", "monthly_limit=5")
	s.run("account", "reset", "john@example.org", "--used", "3")
	for i := range 2 {
		s.postfix.Submit(testbed.John, []string{alice + "@sms.example.org"}, write(fmt.Sprint("w", i), "x@example.org", "", "hello"))
	}
	s.inbox(alice, 2)
	for _, want := range []string{"4 of 5 parts", "5 of 5 parts"} {
		found := false
		for _, raw := range s.dovecot.WaitInbox(testbed.John, 2) {
			found = found || strings.Contains(string(raw), want)
		}
		if !found {
			t.Errorf("no mail says %q", want)
		}
	}
	s.asks(&testbed.John, "john@example.org", alice+"@sms.example.org", "552 5.2.2")
}

// Who sends much to where nobody here sends is stopped, and the administrator
// hears of it.
func TestUnusualBurstStopsTheAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.stop()
	s.edit("send = true\n", "send = true\nadministrator = \"mary@example.org\"\n")
	s.start()
	s.run("account", "add", "john@example.org", "allow=home,*", "unusual_burst=2", "monthly_limit=0")
	for i := range 3 {
		s.postfix.Submit(testbed.John, []string{fmt.Sprintf("+960123456%d@sms.example.org", i)}, write(fmt.Sprint("b", i), "x@example.org", "", "hello"))
	}
	raw := string(s.dovecot.WaitInbox(testbed.Mary, 1)[0])
	if !strings.Contains(raw, "john@example.org was stopped") || !strings.Contains(raw, "postel account enable john@example.org") {
		t.Errorf("the administrator reads\n%s", raw)
	}
	s.asks(&testbed.John, "john@example.org", alice+"@sms.example.org", "550 5.7.1 the account john@example.org was stopped, because it sent more than 2 parts")
	s.run("account", "enable", "john@example.org")
	s.asks(&testbed.John, "john@example.org", alice+"@sms.example.org", "250")
	counts := s.settle()
	if n := counts[smsengine.Text][smsengine.Sent] + counts[smsengine.Text][smsengine.Delivered]; n != 2 {
		t.Errorf("%d texts left: %v", n, counts)
	}
}

// A mail user's name and password in an address count from a named network, over
// TLS, and nowhere else: port 25 is no place to try the passwords of mailboxes.
func TestMailUsersPasswordInTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.stop()
	s.edit("[milter]", "[system]\nsocket = \"dovecot:"+s.host.Path("var/spool/postfix/private/auth")+"\"\nnetworks = [\"127.0.0.0/8\"]\n[milter]")
	s.start()
	to := func(number, password string) string {
		return number + `?user=john=40example.org&pass=` + password + `@sms.example.org`
	}
	s.asks(nil, "john@example.org", to(alice, testbed.John.Password), "550 5.7.8")

	c, err := smtp.DialStartTLS(s.postfix.SMTP, s.postfix.TLS())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail("john@example.org", nil); err != nil {
		t.Fatal(err)
	}
	err = c.Rcpt(to(alice, "zwieback-john"), nil)
	if e, ok := err.(*smtp.SMTPError); !ok || e.EnhancedCode != (smtp.EnhancedCode{5, 7, 8}) {
		t.Errorf("a wrong password: %v", err)
	}
	if err := c.Rcpt(to(alice, testbed.John.Password), nil); err != nil {
		t.Error(err)
	}
}
