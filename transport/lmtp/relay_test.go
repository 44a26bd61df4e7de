package lmtp

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/lmtp/smarthost"
)

// relayed is a mail that a smarthost took.
type relayed struct {
	from string
	to   []string
	data string
}

// mailhost is a smarthost that remembers. It refuses recipients at refused.example.com,
// and what fail says.
type mailhost struct {
	mu    sync.Mutex
	mails []relayed
	fail  map[string]error // "mail", "data"
	login string           // user and password that were given

	l net.Listener
	s *smtp.Server
}

func newMailhost(t *testing.T) *mailhost {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &mailhost{l: l, fail: map[string]error{}}
	h.s = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &guest{host: h}, nil }))
	h.s.Domain, h.s.EnableDSN, h.s.TLSConfig = "mail.example.com", true, ourTLS()
	h.s.ErrorLog = errorLog{slog.New(slog.DiscardHandler)}
	go h.s.Serve(l)
	t.Cleanup(func() { h.s.Close() })
	return h
}

// host is the smarthost as Postel knows it.
func (h *mailhost) host(t *testing.T, change func(*smarthost.Options)) *smarthost.Host {
	t.Helper()
	_, roots := pair()
	o := smarthost.Options{
		Address: "smtp:" + h.l.Addr().String(), Security: smarthost.StartTLS, Roots: roots,
		Name: "mx.example.org", Timeout: 10 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	host, err := smarthost.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// mail gives the only mail that it took.
func (h *mailhost) mail(t *testing.T) relayed {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.mails) != 1 {
		t.Fatalf("the smarthost has %d mails, want 1", len(h.mails))
	}
	return h.mails[0]
}

// guest is a session at the mailhost.
type guest struct {
	host *mailhost
	mail relayed
}

func (g *guest) AuthMechanisms() []string { return []string{sasl.Plain} }
func (g *guest) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		g.host.mu.Lock()
		defer g.host.mu.Unlock()
		g.host.login = user + ":" + password
		return g.host.fail["auth"]
	}), nil
}
func (g *guest) Reset()        { g.mail = relayed{} }
func (g *guest) Logout() error { return nil }
func (g *guest) failure(at string) error {
	g.host.mu.Lock()
	defer g.host.mu.Unlock()
	return g.host.fail[at]
}
func (g *guest) Mail(from string, opts *smtp.MailOptions) error {
	g.mail.from = from + " " + opts.EnvelopeID
	return g.failure("mail")
}
func (g *guest) Rcpt(to string, opts *smtp.RcptOptions) error {
	if strings.HasSuffix(to, "@refused.example.com") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user: <" + to + "> pass=hunter2"}
	}
	g.mail.to = append(g.mail.to, fmt.Sprint(to, opts.Notify))
	return nil
}
func (g *guest) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := g.failure("data"); err != nil {
		return err
	}
	g.mail.data = string(b)
	g.host.mu.Lock()
	defer g.host.mu.Unlock()
	g.host.mails = append(g.host.mails, g.mail)
	return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: "Ok: queued as 4F1"}
}

// relaying starts a submission server before the mailhost, and logs john in.
func relaying(t *testing.T, d *desk, h *mailhost, change func(*smarthost.Options)) *client {
	t.Helper()
	c := enter(start(t, d, func(o *Options) {
		submission(o)
		o.MaxSize = 2 << 20
		o.Relay = h.host(t, change)
	}))
	c.talk("> " + plain("john@example.org", "hunter2") + "\n< 235")
	return c
}

func TestOtherMailGoesToTheSmarthost(t *testing.T) {
	d, h := &desk{secret: "hunter2"}, newMailhost(t)
	c := relaying(t, d, h, nil)
	c.talk(`
		> MAIL FROM:<john@example.org> ENVID=QQ1
		> RCPT TO:<mary@example.net> NOTIFY=NEVER
		> RCPT TO:<"sms:+15551234567?user=u&pass=hunter2"@example.org>
		> RCPT TO:<jim@refused.example.com>
		> RCPT TO:<a b@example.com>
		< 250
		< 250
		< 250
		< 550 5.1.1 no such user: <jim@refused.example.com> pass=***
		< 250
		> DATA
		< 354
		> Received: from pc
		> From: John <john@example.org>
		> To: mary@example.net, "sms:+15551234567?user=u&pass=hunter2"@example.org
		> Cc: =?utf-8?q?sms=3A+15551234567=3Fkey=3Dhunter2=40example=2Eorg?=
		> Bcc: secret@example.com,
		>  secret2@example.com
		> X-Postel-Ticket: AAAA
		> Subject: late
		> X-Note: the password is,
		>  pass=hunter2
		> Message-ID: <1@example.org>
		>
		> I am late
		> ..
		> pass=inbody
		> .
		< 250 2.0.0 Ok: queued as 4F1
	`)
	if got := d.mail(t); len(got.Recipients) != 1 || got.Source.MessageID != "1@example.org" {
		t.Errorf("submitted %+v", got)
	}
	got := h.mail(t)
	if got.from != "john@example.org QQ1" || strings.Join(got.to, " ") != `mary@example.net[NEVER] a b@example.com[]` {
		t.Errorf("relayed from %q to %q", got.from, got.to)
	}
	header, body, _ := strings.Cut(got.data, "\r\n\r\n")
	if body != "I am late\r\n.\r\npass=inbody\r\n" {
		t.Errorf("body is %q", body)
	}
	for _, no := range []string{"hunter2", "secret", "Ticket", "Bcc", "=3Dhunter"} {
		if strings.Contains(header, no) {
			t.Errorf("%q is in the header\n%s", no, header)
		}
	}
	for _, yes := range []string{"Received: from pc.example.org ([127.0.0.1])\r\n\tby mx.example.org (Postel) with ESMTPSA id ",
		"\r\nReceived: from pc\r\n", "\r\nSubject: late\r\n", "\r\nDate: ", "\r\nMessage-ID: <1@example.org>", `"sms:+15551234567"@example.org`, "\r\nCc: "} {
		if !strings.Contains("\r\n"+header, yes) {
			t.Errorf("%q is not in the header\n%s", yes, header)
		}
	}
	// and on the same connection one to phones alone, and one to others alone
	c.talk(`
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15551234567@sms.example.org>
		> DATA
		< 250
		< 250
		< 354
		> ` + "\n>\n> Hello\n> .\n" + `
		< 250 2.0.0 OK: queued as m2
		> MAIL FROM:<>
		> RCPT TO:<mary@example.net>
		> DATA
		< 250
		< 250
		< 354
		> ` + "\n>\n> Read\n> .\n" + `
		< 250 2.0.0 Ok: queued as 4F1
	`)
	if len(d.mails) != 2 || len(h.mails) != 2 || !strings.Contains(h.mails[1].data, "Message-ID: <") {
		t.Errorf("submitted %d, relayed %d: %q", len(d.mails), len(h.mails), h.mails)
	}
}

// When the smarthost wants none of them, the phones are all there is.
func TestOnlyPhonesAreLeft(t *testing.T) {
	d, h := &desk{}, newMailhost(t)
	relaying(t, d, h, nil).talk(`
		> MAIL FROM:<john@example.org>
		> RCPT TO:<jim@refused.example.com>
		> RCPT TO:<+15551234567@sms.example.org>
		> DATA
		< 250
		< 550 5.1.1
		< 250
		< 354
		> ` + "\n>\n> Hello\n> .\n" + `
		< 250 2.0.0 OK: queued as m1
	`)
	if len(h.mails) > 0 {
		t.Errorf("relayed %q", h.mails)
	}
}

// The phones come first: one that fails is the answer, and nothing is relayed.
func TestPhonesBeforeOtherMail(t *testing.T) {
	d, h := &desk{refuse: map[string]*smsengine.Error{}}, newMailhost(t)
	c := relaying(t, d, h, nil)
	envelope := `
		> MAIL FROM:<john@example.org>
		> RCPT TO:<mary@example.net>
		> RCPT TO:<+15551234567@sms.example.org>
		> DATA
		< 250
		< 250
		< 250
		< 354
	`
	const mail = "> Message-ID: <1@example.org>\n>\n> Hello\n> .\n"
	c.talk(envelope)
	d.refuse["4567"] = smsengine.Fail("store", smsengine.Temporary, "4.3.1", "disk full", nil)
	c.talk(mail + "< 452 4.3.1 disk full")
	delete(d.refuse, "4567")
	if len(h.mails) > 0 {
		t.Error("relayed although a phone failed")
	}
	// It comes again, and now the smarthost fails; and again.
	h.fail["data"] = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "not now"}
	c.talk(envelope + mail + "< 451 4.3.2 not now")
	h.mu.Lock()
	delete(h.fail, "data")
	h.mu.Unlock()
	c.talk(envelope + mail + "< 250")
	h.mail(t)
	if len(d.known) != 1 {
		t.Errorf("%d texts, want one", len(d.known))
	}
}

// Only who proved to be of the site may send mail anywhere.
func TestNoOpenRelay(t *testing.T) {
	h := newMailhost(t)
	for name, change := range map[string]func(*Options){
		"not logged in":      func(o *Options) { o.SMTP = true },
		"a client's address": func(o *Options) { submission(o); o.Clients = append(o.Clients, netip.MustParsePrefix("127.0.0.0/8")) },
	} {
		t.Run(name, func(t *testing.T) {
			start(t, &desk{}, func(o *Options) {
				change(o)
				o.Relay = h.host(t, nil)
			}).talk(`
				< 220
				> EHLO pc
				< 250
				> MAIL FROM:<john@example.org>
				< 250
				> RCPT TO:<mary@example.net>
				< 550 5
			`)
		})
	}
}

func TestSmarthostsThatFail(t *testing.T) {
	for name, tt := range map[string]struct {
		host   func(*mailhost)
		change func(*smarthost.Options)
		want   string
	}{
		"gone":              {func(h *mailhost) { h.s.Close(); h.l.Close() }, nil, "451 4.4.1"},
		"no TLS":            {func(h *mailhost) { h.s.TLSConfig = nil }, nil, "451 4.4.2"},
		"other certificate": {nil, func(o *smarthost.Options) { o.Roots = nil }, "451 4.3.5"},
		"our login":         {func(h *mailhost) { h.fail["auth"] = smtp.ErrAuthFailed }, func(o *smarthost.Options) { o.User, o.Password = "postel", "hunter2" }, "451 4.3.5"},
		"login wanted": {func(h *mailhost) {
			h.fail["mail"] = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "log in"}
		}, nil, "451 4.3.5"},
		"the sender": {func(h *mailhost) {
			h.fail["mail"] = &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not your address"}
		}, nil, "553 5.7.1 not your address"},
		"control characters": {func(h *mailhost) {
			h.fail["mail"] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "a\x1f<c>\x00 d"}
		}, nil, "550 5.7.1 a?<c>? d"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newMailhost(t)
			if tt.host != nil {
				tt.host(h)
			}
			c := relaying(t, &desk{}, h, tt.change)
			c.talk("> MAIL FROM:<john@example.org>\n< 250\n> RCPT TO:<mary@example.net>\n< " + tt.want)
			c.talk("> RCPT TO:<+15551234567@sms.example.org>\n< 250\n> DATA\n< 354\n>\n> Hello\n> .\n< 250")
			if strings.Contains(c.heard.String(), "hunter2") {
				t.Errorf("our password is in\n%s", c.heard.String())
			}
		})
	}
}

func TestSmarthostLogin(t *testing.T) {
	h := newMailhost(t)
	c := relaying(t, &desk{}, h, func(o *smarthost.Options) { o.User, o.Password = "postel", "hunter2" })
	c.talk("> MAIL FROM:<john@example.org>\n< 250\n> RCPT TO:<mary@example.net>\n< 250\n> DATA\n< 354\n>\n> Hello\n> .\n< 250")
	if h.mail(t); h.login != "postel:hunter2" {
		t.Errorf("logged in as %q", h.login)
	}
}

// A smarthost that got tired of waiting is told everything once more.
func TestSmarthostThatHungUp(t *testing.T) {
	h := newMailhost(t)
	c := relaying(t, &desk{}, h, func(o *smarthost.Options) { o.Security = smarthost.Plain })
	c.talk("> MAIL FROM:<john@example.org>\n< 250\n> RCPT TO:<mary@example.net>\n< 250\n> RCPT TO:<jim@example.net>\n< 250")
	address := h.l.Addr().String()
	h.s.Close()
	h.l.Close()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	again := smtp.NewServer(h.s.Backend)
	again.ErrorLog = h.s.ErrorLog
	go again.Serve(l)
	defer again.Close()
	c.talk("> DATA\n< 354\n>\n> Hello\n> .\n< 250")
	if got := h.mail(t).to; len(got) != 2 {
		t.Errorf("relayed to %q", got)
	}
}

func TestHeadersThatAreNotRelayed(t *testing.T) {
	h := newMailhost(t)
	c := relaying(t, &desk{}, h, nil)
	for header, want := range map[string]string{
		strings.Repeat("Received: by x\r\n", maxHops):              "554 5.4.6",
		strings.Repeat("X: "+strings.Repeat("x", 900)+"\r\n", 300): "552 5.3.4",
	} {
		c.talk("> MAIL FROM:<john@example.org>\n< 250\n> RCPT TO:<mary@example.net>\n< 250\n> DATA\n< 354")
		c.send(header + "\r\nHello\r\n.\r\n")
		c.talk("< " + want)
	}
	if len(h.mails) > 0 {
		t.Error("relayed")
	}
}

// A large mail is relayed octet for octet.
func TestLargeMailIsRelayed(t *testing.T) {
	h := newMailhost(t)
	c := relaying(t, &desk{}, h, nil)
	body := strings.Repeat(strings.Repeat("0123456789", 70)+"\r\n.dot\r\n", 1500)
	c.talk("> MAIL FROM:<john@example.org>\n< 250\n> RCPT TO:<mary@example.net>\n> RCPT TO:<+15551234567@sms.example.org>\n< 250\n< 250\n> DATA\n< 354")
	c.send("Subject: x\r\n\r\n" + strings.ReplaceAll(body, "\r\n.", "\r\n..") + ".\r\n")
	c.talk("< 250")
	if _, got, _ := strings.Cut(h.mail(t).data, "\r\n\r\n"); got != body {
		t.Errorf("%d octets of body became %d", len(body), len(got))
	}
	c.talk("> MAIL FROM:<john@example.org>\n< 250\n> RCPT TO:<mary@example.net>\n< 250\n> DATA\n< 354")
	c.send("Subject: x\r\n\r\n" + strings.Repeat(body, 2) + ".\r\n")
	c.talk("< 552 5.3.4")
}

// FuzzOutgoing: whatever the header, what is relayed has one, each line ends in
// CRLF, nothing that was to be left out is in it, and the body is unchanged.
func FuzzOutgoing(f *testing.F) {
	f.Add("Subject: x\r\nBcc: a\r\n b\r\n\r\nbody")
	f.Add("Subject: x\nBCC : a\n\nbody")
	f.Add("no header\r\n\r\nbody")
	f.Add("To: sms:+15551234567?pass=hunter2@example.org\r\n\r\n")
	f.Add("\r\n\r\n")
	f.Add(" folded\r\nX: y")
	s := &session{Server: &Server{Options: Options{Host: "mx", Phones: phones, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}}}
	f.Fuzz(func(t *testing.T, mail string) {
		header, body, err := s.outgoing("Received: x\r\n", []string{"hunter2"}, strings.NewReader(mail))
		if err != nil {
			if _, ok := errors.AsType[*smtp.SMTPError](err); !ok {
				t.Fatal(err)
			}
			return
		}
		h, _ := io.ReadAll(header)
		b, _ := io.ReadAll(body)
		if !strings.HasSuffix(string(h), "\r\n\r\n") || strings.Contains(strings.TrimSuffix(string(h), "\r\n\r\n"), "\r\n\r\n") {
			t.Fatalf("header %q", h)
		}
		if !strings.HasSuffix(mail, string(b)) {
			t.Fatalf("%q has the body %q", mail, b)
		}
		for line := range strings.Lines(string(h)) {
			if !strings.HasSuffix(line, "\r\n") || line != "\r\n" && !strings.Contains(" \t", line[:1]) && !strings.Contains(line, ":") {
				t.Fatalf("line %q in the header %q", line, h)
			}
		}
		if folded := strings.ToLower(string(h)); strings.Contains(folded, "\nbcc:") || strings.Contains(folded, "\nx-postel-ticket:") {
			t.Fatalf("header %q", h)
		}
	})
}
