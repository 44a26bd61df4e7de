package testbed_test

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// phones are the recipients that the files of contrib/postfix take for
// telephones, and what Postfix makes of them on the way to Postel. go-smtp, on
// which the LMTP server of these tests stands, takes the quotes off.
var phones = []struct{ written, arrives string }{
	{"+15551234567@sms.example.org", "+15551234567@sms.example.org"},
	{"sms:+15551234567@sms.example.org", "sms:+15551234567@sms.example.org"},
	{`"sms:+15551234567"@sms.example.org`, "sms:+15551234567@sms.example.org"},
	{"not-a-number@sms.example.org", "not-a-number@sms.example.org"},
	{"+15551234567@SMS.Example.ORG", "+15551234567@SMS.Example.ORG"},
	{"sms:+15551234567@example.org", "sms:+15551234567@example.org"},
	{`"sms:+15551234567"@example.org`, "sms:+15551234567@example.org"},
	{"SMS:+15551234567@example.org", "SMS:+15551234567@example.org"},
	{"SMS=+15551234567?maxmsgs=3@example.org", "SMS=+15551234567?maxmsgs=3@example.org"},
	{"sms:+15551234567", "sms:+15551234567@example.org"},
}

func TestPhonesReachPostel(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{})
	postel := listen(t, p.PostelDir())
	for _, phone := range phones {
		p.Submit(testbed.John, []string{phone.written, testbed.Mary.Address()}, []byte(hello))
		if got := postel.next(t); got != phone.arrives {
			t.Errorf("%s reaches Postel as %s, want %s", phone.written, got, phone.arrives)
		}
	}
	d.WaitInbox(testbed.Mary, len(phones))
	if asked := postel.asked(); len(asked) != len(phones) {
		t.Errorf("the guard asked %d times, want once for each of the phones and never for mary: %q", len(asked), asked)
	}
}

// With Postel down, ordinary mail flows and mail for telephones waits at the
// client, for users and strangers alike.
func TestGuardWithoutPostel(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{})
	var sessions sync.WaitGroup // at once: before Postfix gives up it waits a second
	for _, phone := range phones {
		user, stranger := p.Login(testbed.John), p.Dial()
		sessions.Go(func() { mixedMail(t, "john", user, phone.written) })
		sessions.Go(func() { mixedMail(t, "a stranger", stranger, phone.written) })
	}
	sessions.Wait()
	d.WaitInbox(testbed.Mary, 2*len(phones))
}

// mixedMail sends a mail to a telephone, which must be told to wait, and mary.
func mixedMail(t *testing.T, name string, c *smtp.Client, phone string) {
	wantCode(t, name+" begins", c.Mail("john@example.org", nil), 250)
	wantCode(t, name+" to "+phone, c.Rcpt(phone, nil), 451)
	wantCode(t, name+" to mary", c.Rcpt(testbed.Mary.Address(), nil), 250)
	w, err := c.Data()
	wantCode(t, name+" goes on", err, 250)
	if err == nil {
		_, _ = io.WriteString(w, hello)
		wantCode(t, name+" ends", w.Close(), 250)
	}
}

// What only looks like a telephone is somebody else's: the guard lets it be.
func TestPhonesElsewhere(t *testing.T) {
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John)
	p := h.StartPostfix(testbed.Options{})
	c := p.Login(testbed.John)
	wantCode(t, "john begins", c.Mail("john@example.org", nil), 250)
	wantCode(t, "elsewhere", c.Rcpt("sms:+15551234567@elsewhere.example", nil), 250)
	wantCode(t, "elsewhere", c.Rcpt("+15551234567@sms.example.org.elsewhere.example", nil), 250)
}

// percent.cf takes addresses through that Postfix would refuse or rewrite.
func TestPercent(t *testing.T) {
	forms := []string{
		`"sms:+15551234567?user=john%example.com&pass=1"@example.org`,
		`sms:+15551234567?user=john%40example.com@example.org`,
		`"sms:+15551234567?user=john@example.com"@example.org`,
		`"sms:+15551234567?pass=a!b"@example.org`,
	}
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John)
	p := h.StartPostfix(testbed.Options{Percent: true})
	postel := listen(t, p.PostelDir())
	for _, form := range forms {
		p.Submit(testbed.John, []string{form}, []byte(hello))
		if got, want := postel.next(t), strings.ReplaceAll(form, `"`, ""); got != want {
			t.Errorf("%s reaches Postel as %s, want %s", form, got, want)
		}
	}
	p.WaitQueue(0)
}

// A telephone that the transport cannot reach waits in the queue, and goes out
// when Postel is back.
func TestMailWaitsForPostel(t *testing.T) {
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John)
	p := h.StartPostfix(testbed.Options{Main: "smtpd_recipient_restrictions =\nmua_recipient_restrictions = permit_sasl_authenticated, reject\n"})
	p.Submit(testbed.John, []string{phones[0].written}, []byte(hello))
	p.WaitLog(`status=deferred .*postel/lmtp`)
	postel := listen(t, p.PostelDir())
	p.Flush()
	if got := postel.next(t); got != phones[0].arrives {
		t.Errorf("after the flush Postel gets %s", got)
	}
	p.WaitQueue(0)
}

// Postfix has nothing to say against the lines of contrib/postfix.
func TestNoWarnings(t *testing.T) {
	h := testbed.NewHost(t)
	h.StartDovecot(testbed.John)
	p := h.StartPostfix(testbed.Options{Percent: true})
	listen(t, p.PostelDir())
	p.Submit(testbed.John, []string{phones[0].written}, []byte(hello))
	p.WaitLog("status=sent")
	for line := range strings.Lines(p.Log()) {
		if strings.Contains(line, "warning:") && !strings.Contains(line, "connect to Milter service") {
			t.Error(line)
		}
	}
	for _, arg := range []string{"-n", "-M"} {
		if out := p.Postconf(arg); strings.Contains(out, "warning") {
			t.Errorf("postconf %s: %s", arg, out)
		}
	}
}

// postel stands in for Postel: a policy server that objects to nothing and an
// LMTP server that takes everything.
type postel struct {
	rcpts chan string // what the LMTP server was given

	mu       sync.Mutex
	requests []string // the recipients about which the policy server was asked
}

func listen(t *testing.T, dir string) *postel {
	t.Helper()
	p := &postel{rcpts: make(chan string, 100)}
	go p.answerPolicy(socket(t, filepath.Join(dir, "policy")))
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{p}, nil }))
	s.LMTP, s.Domain = true, "postel"
	go func() { _ = s.Serve(socket(t, filepath.Join(dir, "lmtp"))) }()
	t.Cleanup(func() { s.Close() })
	return p
}

// next waits for the next recipient that the LMTP server is given.
func (p *postel) next(t *testing.T) string {
	t.Helper()
	select {
	case rcpt := <-p.rcpts:
		return rcpt
	case <-time.After(30 * time.Second):
		t.Fatal("nothing reaches Postel")
		return ""
	}
}

// socket makes a socket as Postel does: for its owner and for the group that
// the directory gives it, which is that of Postfix.
func socket(t *testing.T, path string) net.Listener {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o660)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func (p *postel) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

func (p *postel) answerPolicy(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			for lines := bufio.NewScanner(c); lines.Scan(); {
				if rcpt, ok := strings.CutPrefix(lines.Text(), "recipient="); ok {
					p.mu.Lock()
					p.requests = append(p.requests, rcpt)
					p.mu.Unlock()
				}
				if lines.Text() == "" {
					_, _ = io.WriteString(c, "action=DUNNO\n\n")
				}
			}
		}()
	}
}

type session struct{ p *postel }

func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Reset()                               {}
func (session) Logout() error                        { return nil }

func (s session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.p.rcpts <- to
	return nil
}

func (session) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
