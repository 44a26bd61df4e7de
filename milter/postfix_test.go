package milter_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/milter"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/listen"
	"github.com/postel-mail/postel/transport/lmtp"
)

// desk lets authenticated users send, and tells what they sent.
type desk struct{ sent chan smsengine.Submission }

func (d desk) Check(_ context.Context, src *smsengine.Source, _ smsengine.Recipient, _ int) (smsengine.Verdict, error) {
	if id := src.Identity; src.Door == "milter" && (id.Peer != "127.0.0.1" || id.Secure != (id.Method == smsengine.MethodAuth)) {
		return smsengine.Verdict{}, smsengine.Fail("account", smsengine.Permanent, "5.3.5", fmt.Sprintf("the test expects no %+v", id), nil) // all log in with TLS
	}
	if src.Identity.Method != smsengine.MethodAuth {
		return smsengine.Verdict{}, smsengine.Fail("account", smsengine.Permanent, "5.7.1", "100% of texts need a login", nil)
	}
	return smsengine.Verdict{Cost: 1, Identity: src.Identity}, nil
}

func (desk) Bounced(context.Context, smsengine.Bounce) error { return nil }

func (d desk) Submit(ctx context.Context, s smsengine.Submission) []smsengine.Outcome {
	d.sent <- s
	out := make([]smsengine.Outcome, len(s.Recipients))
	for i, r := range s.Recipients {
		if _, err := d.Check(ctx, &s.Source, r, 0); err != nil {
			out[i].Err, _ = errors.AsType[*smsengine.Error](err)
		}
	}
	return out
}

// doors are the three sockets that Postfix knows.
type doors struct {
	milter *milter.Server
	guard  *milter.Guard
	lmtp   *lmtp.Server
}

func open(t *testing.T, dir string, d desk) doors {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	phones, err := phone.New(phone.Rules{Domains: []string{testbed.Domain}, PhoneDomains: []string{testbed.PhoneDomain}, Region: "US"})
	if err != nil {
		t.Fatal(err)
	}
	tickets := mailbridge.NewSealer([32]byte{7})
	var all doors
	all.milter = milter.New(milter.Options{Desk: d, Phones: phones, Tickets: tickets, Log: log})
	all.guard = milter.NewGuard(milter.GuardOptions{Phones: phones, Seen: all.milter.Seen, Log: log})
	all.lmtp = lmtp.New(lmtp.Options{Desk: d, Phones: phones, Tickets: tickets, Log: log})
	for name, serve := range map[string]func(*listen.Listener) error{
		"milter": all.milter.Serve, "policy": all.guard.Serve, "lmtp": all.lmtp.Serve,
	} {
		l, err := listen.Open("unix:"+filepath.Join(dir, name), listen.Options{Peers: []string{testbed.MailOwner}, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		go serve(l)
	}
	t.Cleanup(func() { all.close() })
	return all
}

// close ends the doors as an impatient shutdown does.
func (d doors) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, _ = d.milter.Shutdown(ctx), d.guard.Shutdown(ctx), d.lmtp.Shutdown(ctx)
}

const hello = "From: John <john@example.org>\r\nTo: phone\r\nSubject: hello\r\nMessage-ID: <%s@example.org>\r\n" +
	"X-Postel-Ticket: forged\r\nX-Other: 1\r\nx-postel-ticket: forged,\r\n\tfolded\r\n\r\nHello there.\r\n"

// send sends hello to recipients, each of which must be answered with its code.
func send(t *testing.T, c *smtp.Client, id string, codes map[string]int) {
	t.Helper()
	if err := c.Mail(testbed.John.Address(), nil); err != nil {
		t.Fatal(err)
	}
	taken := false
	for to, want := range codes {
		err := c.Rcpt(to, nil)
		if got := code(err); got != want {
			t.Errorf("RCPT TO:<%s>: %v, want %d", to, err, want)
		}
		if e, ok := errors.AsType[*smtp.SMTPError](err); ok && want == 550 && e.Message != "100% of texts need a login" {
			t.Errorf("the refusal says %q", e.Message)
		}
		taken = taken || err == nil
	}
	if !taken {
		if err := c.Reset(); err != nil {
			t.Fatal(err)
		}
		return
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w, hello, id)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func code(err error) int {
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return e.Code
	}
	if err != nil {
		return 0
	}
	return 250
}

// With a real Postfix, and the lines of contrib/postfix: who logged in is told
// to the transport, who did not is refused at RCPT, and mary has her mail.
func TestPostfix(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{})
	desk := desk{make(chan smsengine.Submission, 10)}
	open(t, p.PostelDir(), desk)

	john, stranger := p.Login(testbed.John), p.Dial()
	for i, to := range []string{
		"+15551234567@sms.example.org", `"sms:+15551234567"@example.org`, "sms:+15551234567@example.org", "SMS=+15551234567?maxmsgs=3@example.org",
	} {
		// The same session, again and again.
		id := fmt.Sprint("m", i)
		send(t, john, id, map[string]int{to: 250, testbed.Mary.Address(): 250})
		got := wait(t, desk.sent)
		if id := got.Source.Identity; id.Method != smsengine.MethodAuth || !strings.HasPrefix(id.User, testbed.John.Name) {
			t.Errorf("%s: identity is %+v", to, id)
		}
		if got.Source.MessageID != id+"@example.org" || got.Mail.Passages[0].Text != "Hello there." || len(got.Recipients) != 1 {
			t.Errorf("%s: submitted %+v", to, got)
		}
		send(t, stranger, id, map[string]int{to: 550, testbed.Mary.Address(): 250})
	}
	send(t, john, "bad", map[string]int{"+1555@sms.example.org": 553})
	p.WaitQueue(0)
	mails := d.WaitInbox(testbed.Mary, 8)
	forged, stamped := 0, 0
	for _, m := range mails {
		forged += strings.Count(string(m), "forged")
		stamped += strings.Count(string(m), "\r\nX-Postel-Ticket: ")
	}
	// Strangers' mails are not for phones, and are not touched.
	if want := 4 * 2; forged != want {
		t.Errorf("%d forged tickets are left, want the %d of mails to mary alone", forged, want)
	}
	if want := 4 + forged/2; stamped != want {
		t.Errorf("%d headers, want %d", stamped, want)
	}
	if len(desk.sent) > 0 {
		t.Errorf("submitted more: %+v", <-desk.sent)
	}
	for line := range strings.Lines(p.Log()) {
		if strings.Contains(line, "warning: milter") {
			t.Error(line)
		}
	}
}

// An SMTP session that outlives a restart of Postel has no milter, and Postfix
// would let it pass: the guard does not.
func TestPostfixSessionOutlivesRestart(t *testing.T) {
	h := testbed.NewHost(t)
	d := h.StartDovecot(testbed.John, testbed.Mary)
	p := h.StartPostfix(testbed.Options{})
	desk := desk{make(chan smsengine.Submission, 10)}
	before := open(t, p.PostelDir(), desk)

	const phone = "+15551234567@sms.example.org"
	john := p.Login(testbed.John)
	send(t, john, "1", map[string]int{phone: 250})
	wait(t, desk.sent)
	before.close()
	open(t, p.PostelDir(), desk)
	send(t, john, "2", map[string]int{phone: 451, testbed.Mary.Address(): 250})
	send(t, p.Login(testbed.John), "2", map[string]int{phone: 250})
	if got := wait(t, desk.sent); got.Source.Identity.Method != smsengine.MethodAuth {
		t.Errorf("identity is %+v", got.Source.Identity)
	}
	d.WaitInbox(testbed.Mary, 1)
	p.WaitQueue(0)
}

func wait(t *testing.T, sent <-chan smsengine.Submission) smsengine.Submission {
	t.Helper()
	select {
	case s := <-sent:
		return s
	case <-time.After(30 * time.Second):
		t.Fatal("nothing reached the desk")
		return smsengine.Submission{}
	}
}
