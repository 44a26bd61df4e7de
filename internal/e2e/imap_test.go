package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/tap"
	"github.com/postel-mail/postel/internal/testbed"
)

// hosted is a site without a mail server of its own: mail for phones arrives in a
// mailbox at a hoster, and answers are put into mailboxes there.
type hosted struct {
	*postel
	host    *testbed.Host
	dovecot *testbed.Dovecot
	tap     *tap.Tap // between Postel and the hoster
}

// box is the mailbox that catches all mail to the phone domain.
var box = testbed.User{Name: "phones", Password: "catch-4711"}

// newHosted starts Dovecot and Postel. secure has TLS on the way, through which
// the tap sees nothing.
func newHosted(t *testing.T, secure bool) *hosted {
	t.Helper()
	h := testbed.NewHost(t)
	s := &hosted{host: h, dovecot: h.StartDovecot(testbed.John, testbed.Mary, box), postel: newPostel(t, "")}
	s.tap = tap.New(t, s.dovecot.IMAP)
	boxes, watched := "tls = \"none\"\n", "tls = \"none\"\n"
	server := s.tap.Address
	if secure {
		trust := fmt.Sprintf("ca_file = %q\n", h.CAFile())
		boxes, watched = "tls = \"implicit\"\n"+trust, "tls = \"starttls\"\n"+trust
		server = s.dovecot.IMAPS
	}
	s.edit("hostname", `[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org"]
send = true
rate = "none"
[mail]
to = "imap"
[imap]
server = "`+server+`"
user = "%s*postel"
password_file = "`+s.secret("master", testbed.Master.Password)+`"
folder = "SMS Ä"
`+boxes+`
[queue]
retry_first = "100ms"
retry_max = "200ms"
[[mailbox]]
id = "hosted"
server = "`+s.tap.Address+`"
user = "`+box.Address()+`"
password_file = "`+s.secret("hosted", box.Password)+`"
auth_server = "mx.example.org"
folder = "Phones"
`+watched+`
[[gateway]]
id = "sim"
type = "sim"
number = "`+ourNumber+`"
default_recipient = "mary@example.org"
[gateway.sim]
journal = "`+filepath.Join(s.dir, "journal")+`"
receipt_delay = "10ms"
`+"\n#hostname")
	return s
}

// secret writes a file with a password.
func (s *hosted) secret(name, password string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// arrives has the hoster deliver a mail, with a Sieve rule of the mailbox that
// files it where Postel watches.
func (s *hosted) arrives(from string, mail []byte) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.dovecot.LMTP)
	if err != nil {
		s.t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.Hello("mx.example.org"); err != nil {
		s.t.Fatal(err)
	}
	if err := deliverFrom(c, from, mail, box.Address()); err != nil {
		s.t.Fatal(err)
	}
}

func deliverFrom(c *smtp.Client, from string, mail []byte, to string) error {
	if err := c.Mail(from, nil); err != nil {
		return err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(mail); err != nil {
		return err
	}
	_, err = w.CloseWithLMTPResponse()
	return err
}

// folder gives the mails in a folder, through an IMAP session that Postel has no
// part in.
func (s *hosted) folder(u testbed.User, name string) (mails []string) {
	s.t.Helper()
	c := s.dovecot.Login(u)
	defer c.Close()
	found, err := c.Select(name, nil).Wait()
	if err != nil || found.NumMessages == 0 {
		return nil
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	var all imap.SeqSet
	all.AddRange(1, found.NumMessages)
	list, err := c.Fetch(all, &imap.FetchOptions{Flags: true, BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range list {
		mails = append(mails, string(m.FindBodySection(whole)))
		for _, f := range m.Flags {
			if f == imap.FlagSeen {
				s.t.Errorf("a mail in %s is marked as read", name)
			}
		}
	}
	return mails
}

// waitFolder waits until a folder has n mails.
func (s *hosted) waitFolder(u testbed.User, name string, n int) (mails []string) {
	s.t.Helper()
	s.wait(fmt.Sprintf("%d mails in %s of %s", n, name, u.Name), func() error {
		if mails = s.folder(u, name); len(mails) != n {
			return fmt.Errorf("there are %d", len(mails))
		}
		return nil
	})
	return mails
}

const toPhones = "require \"fileinto\"; require \"mailbox\"; fileinto :create \"Phones\";"

// results is what the hoster's mail server found out about the author.
func results(dmarc string) string {
	return "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.org;\n\tdmarc=" + dmarc + " (p=reject) header.from=example.org\n"
}

// stamped is a mail as the hoster stores it: its own field first.
func stamped(field, id, to, text string) []byte {
	return append([]byte(strings.ReplaceAll(field, "\n", "\r\n")), write(id, to, "", text)...)
}

func TestHostedMail(t *testing.T) {
	t.Parallel()
	s := newHosted(t, true)
	s.dovecot.Sieve(box, toPhones)
	if out := s.run("check"); !strings.Contains(out, "imap: the mailbox of mary@example.org opens") || !strings.Contains(out, "no folder Phones yet; it will be made") {
		t.Errorf("postel check: %s", out)
	}
	s.start()
	s.runWith("alertPwd\n", "account", "add", "smsalerts", "--password-stdin")
	to := "Alice <" + alice + "@sms.example.org>"

	s.arrives("john@example.org", stamped(results("pass"), "1", to, "Lunch?"))
	if got := s.inbox(alice, 1)[0].Text; got != "Lunch?" {
		t.Errorf("the phone got %q", got)
	}
	s.waitFolder(box, "Done", 1)
	s.run("sim", "send", "--from", alice, "--to", ourNumber, "Gladly, at eight")
	answer := s.waitFolder(testbed.John, "SMS Ä", 1)[0]
	if m, body := parse(t, []byte(answer)); !strings.Contains(body, "Gladly, at eight") ||
		m.Header.Get("In-Reply-To") != "<1@client.example.org>" || m.Header.Get("Return-Path") != "<"+alice+"@sms.example.org>" {
		t.Errorf("the answer is\n%s", answer)
	}

	// Who is not proved sends nothing, and hears nothing: the address may be
	// somebody else's.
	s.arrives("john@example.org", stamped(results("fail"), "2", to, "forged"))
	s.arrives("john@example.org", stamped("Authentication-Results: mx.example.org; spf=fail smtp.mailfrom=example.com\n"+results("pass"), "3", to, "forged, too"))
	s.waitFolder(box, "Refused", 2)

	// A password or key in the address proves it as well as elsewhere.
	s.arrives("nagios@example.net", stamped("", "4", `"sms:`+alice+`?user=smsalerts&pass=alertPwd"@sms.example.org`, "disk full"))
	s.arrives("nagios@example.net", stamped("", "5", s.key("smsalerts", alice), "disk fine"))
	s.inbox(alice, 3)
	s.waitFolder(box, "Done", 3)

	// Whom the hoster vouches for, and who is refused, gets a report.
	s.arrives("john@example.org", stamped(results("pass"), "6", "+1555@sms.example.org", "to nobody"))
	report := s.waitFolder(testbed.John, "INBOX", 1)[0]
	for _, want := range []string{"Content-Type: multipart/report", "Status: 5.1.3", "<6@client.example.org>"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report has no %q:\n%s", want, report)
		}
	}
	s.waitFolder(box, "Refused", 3)
	s.settle()
	if got := s.inbox(alice, 3); len(got) != 3 {
		t.Errorf("the phone got %+v", got)
	}
	log, _ := os.ReadFile(s.log.Name())
	for _, secret := range []string{box.Password, testbed.Master.Password, "alertPwd"} {
		if strings.Contains(string(log), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// Mail arrives in the watched folder, and answers in a user's, however often the
// connection to the server breaks, and at whatever step.
func TestHostedConnectionLoss(t *testing.T) {
	t.Parallel()
	s := newHosted(t, false)
	s.dovecot.Sieve(box, toPhones)
	s.start()
	mails, said, answers := 0, 0, 0
	for _, cut := range []struct {
		side tap.Side
		word string
	}{
		{tap.Client, "AUTHENTICATE"}, {tap.Server, "Logged in"}, {tap.Client, " SELECT "}, {tap.Server, "UIDVALIDITY"},
		{tap.Client, " SEARCH "}, {tap.Server, "* SEARCH"}, {tap.Client, "BODY.PEEK[HEADER]"}, {tap.Server, "BODY[HEADER]"},
		{tap.Client, "BODY.PEEK[]"}, {tap.Server, "BODY[]"}, {tap.Client, " MOVE "}, {tap.Server, "COPYUID"}, {tap.Client, "IDLE"},
		{tap.Client, "DONE"},
	} {
		mails++
		s.wait("Postel to be idle", func() error {
			if !strings.HasSuffix(s.tap.Said(tap.Client), " IDLE\r\n") {
				return fmt.Errorf("it is not")
			}
			return nil
		})
		happened := s.tap.CutBefore(cut.side, cut.word)
		if strings.Contains("AUTHENTICATE Logged in SELECT UIDVALIDITY", strings.TrimSpace(cut.word)) {
			s.tap.CutAll() // an open session says no such thing
		}
		s.arrives("john@example.org", stamped(results("pass"), fmt.Sprint("m", mails), alice+"@sms.example.org", fmt.Sprint("text ", mails)))
		s.waitFolder(box, "Done", mails)
		select {
		case <-happened:
		default:
			t.Errorf("%s never said %q", cut.side, cut.word)
		}
	}
	for _, cut := range []struct {
		side  tap.Side
		word  string
		fresh bool // the folder is to be made
	}{
		{tap.Server, "TRYCREATE", true}, {tap.Client, " CREATE ", true}, {tap.Client, " SUBSCRIBE ", true}, {tap.Server, "Create completed", true},
		{tap.Client, "NOOP", false}, {tap.Client, " APPEND ", false}, {tap.Client, "Subject: ", false}, {tap.Server, "APPENDUID", false},
	} {
		answers++
		said++
		if cut.fresh {
			s.forget(testbed.John, "SMS Ä")
			answers = 1
		}
		happened := s.tap.CutBefore(cut.side, cut.word)
		s.run("sim", "send", "--from", alice, "--to", ourNumber, fmt.Sprint("answer ", said))
		s.waitFolder(testbed.John, "SMS Ä", answers)
		select {
		case <-happened:
		default:
			t.Errorf("%s never said %q", cut.side, cut.word)
		}
	}
	s.settle()
	s.stop()
	for text, n := range journal(t, s.postel) {
		if n != 1 {
			t.Errorf("%q was sent %d times", text, n)
		}
	}
	if n := len(journal(t, s.postel)); n != mails {
		t.Errorf("%d texts were sent, want %d", n, mails)
	}
	if n := len(s.folder(testbed.John, "SMS Ä")); n != answers {
		t.Errorf("John has %d answers, want %d", n, answers)
	}
}

// forget deletes a folder, if there is one.
func (s *hosted) forget(u testbed.User, folder string) {
	s.t.Helper()
	c := s.dovecot.Login(u)
	defer c.Close()
	_ = c.Delete(folder).Wait()
}

// Postel dies when a text is queued and its mail not yet moved; Dovecot is away
// for a while, and a mailbox is full. Nothing is lost, and nothing comes twice.
func TestHostedFailures(t *testing.T) {
	t.Parallel()
	s := newHosted(t, false)
	s.dovecot.Sieve(box, toPhones)
	s.start()

	dying := s.tap.CutBefore(tap.Client, " MOVE ")
	s.arrives("john@example.org", stamped(results("pass"), "k", alice+"@sms.example.org", "once"))
	<-dying
	s.inbox(alice, 1) // else it may be unsure, and is not sent again
	s.kill()
	s.start()
	s.waitFolder(box, "Done", 1)
	s.arrives("john@example.org", stamped(results("pass"), "l", alice+"@sms.example.org", "Lunch?"))
	s.waitFolder(box, "Done", 2)

	s.dovecot.Stop()
	s.run("sim", "send", "--from", alice, "--to", ourNumber, "while you were out")
	s.dovecot.Start()
	s.waitFolder(testbed.John, "SMS Ä", 1)

	s.dovecot.Quota(testbed.John, "1B")
	s.tap.CutAll() // an open session has the quota that it began with
	s.run("sim", "send", "--from", alice, "--to", ourNumber, "no room")
	s.wait("the mailbox to be full", func() error {
		if !strings.Contains(s.run("queue"), "mailbox is full") {
			return fmt.Errorf("%s", s.run("queue"))
		}
		return nil
	})
	s.dovecot.Quota(testbed.John, "10M")
	s.waitFolder(testbed.John, "SMS Ä", 2)

	// The folder is deleted and made anew: the server numbers its mails from 1.
	c := s.dovecot.Login(box)
	anew(t, c, "Phones")
	s.tap.CutAll()
	s.arrives("john@example.org", stamped(results("pass"), "n", alice+"@sms.example.org", "anew"))
	s.inbox(alice, 2)
	s.waitFolder(box, "Done", 3)
	s.settle()
	s.stop()
	if got := journal(t, s.postel); len(got) != 3 || got["once"] != 1 || got["anew"] != 1 {
		t.Errorf("sent: %v", got)
	}
}

// postel check finds wrong passwords, and shows none.
func TestHostedCheck(t *testing.T) {
	t.Parallel()
	s := newHosted(t, true)
	s.secret("master", "wrong-4711")
	s.secret("hosted", "wrong-4712")
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "check", "-c", s.config).CombinedOutput()
	if err == nil {
		t.Error("wrong passwords are no error")
	}
	for _, want := range []string{
		"error    imap: the mailbox of mary@example.org cannot be opened: login: imap: NO [AUTHENTICATIONFAILED]",
		"error    mailbox hosted: login: imap: NO [AUTHENTICATIONFAILED]",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "wrong-47") {
		t.Errorf("a password shows:\n%s", out)
	}
}

func anew(t *testing.T, c *imapclient.Client, folder string) {
	t.Helper()
	if err := c.Delete(folder).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Create(folder, nil).Wait(); err != nil {
		t.Fatal(err)
	}
}
