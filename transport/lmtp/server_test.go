package lmtp

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

func trusted(o *Options) { o.Trusted = true }

const hello = `
	< 220 mx.example.org LMTP
	> LHLO mta.example.org
	< 250
`

func TestTextFromTicket(t *testing.T) {
	d := &desk{}
	c := start(t, d, nil)
	c.talk(hello + `
		> MAIL FROM:<john@Example.org> SIZE=500 BODY=8BITMIME RET=HDRS ENVID=QQ+2B1
		< 250 2.1.0 sender ok
		> RCPT TO:<"sms:+15551234567"@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;boss+40example.org
		< 250 2.1.5 recipient ok
		> DATA
		< 354
		> ` + ticket(t, "1@example.org", "+15551234567") + `
		> From: John <john@example.org>
		> Subject: late
		> Message-ID: <1@example.org>
		> In-Reply-To: <0@example.org>
		>
		> I am late
		> .
		< 250 2.0.0 OK: queued as m1
		> QUIT
		< 221
	`)
	got := d.mail(t)
	want := smsengine.Source{
		Door: "lmtp", Received: now,
		Identity:  smsengine.Identity{Method: smsengine.MethodAuth, User: "john@example.org", Peer: "127.0.0.1"},
		Sender:    smsengine.Mailbox("john@example.org"),
		MessageID: "1@example.org", References: []string{"0@example.org"}, Subject: "late",
		EnvID: "QQ+1", Return: smsengine.ReturnHeaders, Original: got.Source.Original,
	}
	if !reflect.DeepEqual(got.Source, want) {
		t.Errorf("source is\n%+v, want\n%+v", got.Source, want)
	}
	if text(got) != "I am late" {
		t.Errorf("text is %q", text(got))
	}
	if !strings.Contains(string(got.Source.Original), "I am late") {
		t.Errorf("original is %q", got.Source.Original)
	}
	recipient := smsengine.Recipient{
		Address: `"sms:+15551234567"@example.org`, ORCPT: "rfc822;boss@example.org",
		Notify: smsengine.NotifySuccess | smsengine.NotifyDelay,
	}
	if got.Recipients[0] != recipient {
		t.Errorf("recipient is %+v, want %+v", got.Recipients[0], recipient)
	}
	if len(d.checks) != 0 {
		t.Error("asked at RCPT although nobody was known")
	}
}

func TestExtensions(t *testing.T) {
	c := start(t, &desk{}, nil)
	c.talk(hello)
	for _, want := range []string{"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "SMTPUTF8", "DSN", "SIZE 33554432", "LIMITS RCPTMAX=1000"} {
		if !strings.Contains(c.heard.String(), want+"\r\n") {
			t.Errorf("%s is not announced in\n%s", want, c.heard.String())
		}
	}
}

// Each recipient has an answer of its own, in the order of RCPT, repeated
// recipients and other spellings included.
func TestAnswersForEachRecipient(t *testing.T) {
	d := &desk{refuse: map[string]*smsengine.Error{
		"0102": smsengine.Fail("quota", smsengine.Permanent, "5.2.2", "monthly limit reached", nil),
		"0103": smsengine.Fail("store", smsengine.Temporary, "4.3.1", "disk full", errors.New("/var: no space")),
	}}
	c := start(t, d, nil)
	c.talk(hello + `
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15555550101@sms.example.org>
		> RCPT TO:<mary@example.org>
		> RCPT TO:<+15555550102@sms.example.org>
		> RCPT TO:<+1555@sms.example.org>
		> RCPT TO:<+15555550103@sms.example.org>
		> RCPT TO:<+15555550101@sms.example.org>
		> RCPT TO:<sms:+1-555-555-0101@example.org>
		> RCPT TO:<+15555550104@sms.example.org>
		> DATA
		< 250 2.1.0
		< 250 2.1.5
		< 550 5.1.1 not a phone number
		< 250 2.1.5
		< 553 5.1.3
		< 250 2.1.5
		< 250 2.1.5
		< 250 2.1.5
		< 250 2.1.5
		< 354
		> ` + ticket(t, "1@example.org", "+15555550101", "+15555550102", "+15555550103") + `
		> Message-ID: <1@example.org>
		>
		> Hello
		> .
		< 250 2.0.0 OK: queued as m1
		< 552 5.2.2 monthly limit reached
		< 452 4.3.1 disk full
		< 250 2.0.0 OK: known already as m1
		< 250 2.0.0 OK: known already as m1
		< 550 5.7.1 log in
	`)
}

func TestNoTicketNoText(t *testing.T) {
	for name, header := range map[string]string{
		"none":          "X-Other: 1",
		"forged":        "X-Postel-Ticket: AAAA",
		"other mail":    ticket(t, "2@example.org", "+15551234567"),
		"other number":  ticket(t, "1@example.org", "+15551234568"),
		"torn":          ticket(t, "1@example.org", "+15551234567")[:60],
		"beyond others": strings.Repeat("X-Postel-Ticket: AAAA\n> ", maxTickets) + ticket(t, "1@example.org", "+15551234567"),
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			start(t, d, nil).talk(hello + `
				> MAIL FROM:<john@example.org>
				> RCPT TO:<+15551234567@sms.example.org>
				> DATA
				< 250
				< 250
				< 354
				> ` + header + `
				> Message-ID: <1@example.org>
				>
				> Hello
				> .
				< 550 5.7.1 log in to send texts
			`)
			if id := d.mail(t).Source.Identity; id.Method != "" || id.User != "" {
				t.Errorf("identity is %+v", id)
			}
		})
	}
	t.Run("other sender", func(t *testing.T) {
		start(t, &desk{}, nil).talk(hello + `
			> MAIL FROM:<mary@example.org>
			> RCPT TO:<+15551234567@sms.example.org>
			> DATA
			< 250
			< 250
			< 354
			> ` + ticket(t, "1@example.org", "+15551234567") + `
			> Message-ID: <1@example.org>
			>
			> Hello
			> .
			< 550 5.7.1
		`)
	})
	t.Run("expired", func(t *testing.T) {
		start(t, &desk{}, func(o *Options) { o.Now = func() time.Time { return now.AddDate(0, 1, 0) } }).talk(hello + `
			> MAIL FROM:<john@example.org>
			> RCPT TO:<+15551234567@sms.example.org>
			> DATA
			< 250
			< 250
			< 354
			> ` + ticket(t, "1@example.org", "+15551234567") + `
			> Message-ID: <1@example.org>
			>
			> Hello
			> .
			< 550 5.7.1
		`)
	})
}

func TestTrustedPeer(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"listener": trusted,
		"network":  func(o *Options) { o.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} },
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{refuse: map[string]*smsengine.Error{
				"0102": smsengine.Fail("policy", smsengine.Permanent, "5.7.1", "not to that number", nil),
			}}
			start(t, d, change).talk(hello + `
				> MAIL FROM:<john@example.org>
				< 250
				> RCPT TO:<+15555550101@sms.example.org>
				< 250
				> RCPT TO:<+15555550102@sms.example.org>
				< 550 5.7.1 not to that number
				> RCPT TO:<sms:+15555550101@example.org>
				< 250
				> RCPT TO:<+15555550103@sms.example.org>
				< 250
				> DATA
				< 354
				> Subject: only a subject
				>
				> .
				< 250
				< 250
				< 250
			`)
			got := d.mail(t)
			if want := (smsengine.Identity{Method: smsengine.MethodTrusted, User: "john@example.org", Peer: "127.0.0.1"}); got.Source.Identity != want {
				t.Errorf("identity is %+v, want %+v", got.Source.Identity, want)
			}
			if text(got) != "only a subject" {
				t.Errorf("text is %q", text(got))
			}
			if got.Source.Digest == "" {
				t.Error("nothing stands for the Message-ID")
			}
			if want := []int{0, 3, 3}; !reflect.DeepEqual(d.pending, want) {
				t.Errorf("pending costs were %v, want %v: another spelling is no other phone", d.pending, want)
			}
		})
	}
	t.Run("another network", func(t *testing.T) {
		d := &desk{}
		start(t, d, func(o *Options) { o.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }).talk(hello + `
			> MAIL FROM:<john@example.org>
			> RCPT TO:<+15555550101@sms.example.org>
			> DATA
			< 250
			< 250
			< 354
			>
			> Hello
			> .
			< 550 5.7.1
		`)
	})
}

// A bounce is taken and forgotten, an automatic reply refused (RFC 3834).
func TestLoopsEnd(t *testing.T) {
	d := &desk{}
	c := start(t, d, trusted)
	c.talk(hello + `
		> MAIL FROM:<>
		> RCPT TO:<+15551234567@sms.example.org>
		> DATA
		< 250
		< 250
		< 354
		> Subject: Undelivered Mail
		>
		> Sorry.
		> .
		< 250 2.0.0 OK: dropped, a mail from the null sender
		> MAIL FROM:<>
		> RCPT TO:<noreply.ACME=20Bank@sms.example.org>
		> RSET
		< 250
		< 250
		< 250
		> MAIL FROM:<john@example.org>
		> RCPT TO:<noreply.ACME=20Bank@sms.example.org>
		> RSET
		< 250
		< 553 5.1.3 nobody can answer this sender
		< 250
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15551234567@sms.example.org>
		> DATA
		< 250
		< 250
		< 354
		> Auto-Submitted: auto-replied
		>
		> I am on holiday.
		> .
		< 550 5.7.1 an automatic reply
	`)
	if len(d.mails) != 1 || d.mails[0].Mail.Kind != smsengine.MailAutoReplied {
		t.Errorf("submitted: %+v", d.mails)
	}
	if len(d.checks) != 1 {
		t.Errorf("checks: %q", d.checks)
	}
}

// A mail of ours that a mailbox refused is told to the Desk.
func TestBounces(t *testing.T) {
	d := &desk{}
	c := start(t, d, func(o *Options) { o.Letters.Hostname = "mx.example.org" })
	c.talk(hello + `
		> MAIL FROM:<>
		> RCPT TO:<+15551234567@sms.example.org>
		> DATA
		< 250
		< 250
		< 354
		> Subject: Undelivered Mail
		> Content-Type: multipart/report; report-type=delivery-status; boundary=b
		>
		> --b
		> Content-Type: message/delivery-status
		>
		> Reporting-MTA: dns; mail.example.org
		>
		> Final-Recipient: rfc822; mary@example.org
		> Action: failed
		> Status: 5.1.1
		> Diagnostic-Code: smtp; 550 5.1.1 no such user
		>
		> --b
		> Content-Type: text/rfc822-headers
		>
		> Message-ID: <01m83pph0xzbft5h9p0ka3km56@mx.example.org>
		> X-Postel-Message: 01m83pph0xzbft5h9p0ka3km56
		>
		> --b--
		> .
		< 250 2.0.0 OK: noted as a bounce
	`)
	if len(d.bounces) != 1 || d.bounces[0].Message != "01m83pph0xzbft5h9p0ka3km56" || d.bounces[0].Status.Code != "5.1.1" || len(d.mails) != 0 {
		t.Errorf("%+v, %+v", d.bounces, d.mails)
	}
}

func TestSMTP(t *testing.T) {
	d := &desk{}
	c := start(t, d, func(o *Options) { o.SMTP, o.Trusted = true, true })
	c.talk(`
		< 220 mx.example.org ESMTP
		> EHLO client.example.org
		< 250
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15555550101@sms.example.org>
		> RCPT TO:<+15555550102@sms.example.org>
		> DATA
		< 250
		< 250
		< 250
		< 354
		>
		> Hello
		> .
		< 250 2.0.0 OK: queued as m1
	`)
	d.refuse = map[string]*smsengine.Error{}
	send := `
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15555550101@sms.example.org>
		> RCPT TO:<+15555550102@sms.example.org>
		> RCPT TO:<+15555550103@sms.example.org>
		< 250
		< 250
		< 250
		< 250
		> DATA
		< 354
	`
	c.talk(send)
	d.refuse["0102"] = smsengine.Fail("size", smsengine.Permanent, "5.3.4", "too long", nil)
	c.talk(`
		>
		> Hello again
		> .
		< 552 5.3.4 too long
	`)
	delete(d.refuse, "0102")
	c.talk(send)
	d.refuse["0102"] = smsengine.Fail("size", smsengine.Permanent, "5.3.4", "too long", nil)
	d.refuse["0103"] = smsengine.Fail("store", smsengine.Temporary, "4.3.1", "disk full", nil)
	c.talk(`
		>
		> Hello again
		> .
		< 452 4.3.1 disk full
	`)
}

func TestShutdown(t *testing.T) {
	d := &desk{}
	idle := start(t, d, trusted)
	idle.talk(hello)
	busy := connect(t, idle.server, idle.RemoteAddr())
	busy.talk(hello + `
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15551234567@sms.example.org>
		> DATA
		< 250
		< 250
		< 354
	`)
	done := make(chan error, 1)
	go func() { done <- idle.server.Shutdown(context.Background()) }()
	idle.talk("< 421 4.3.2")
	if _, err := idle.in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after 421: %v", err)
	}
	busy.talk(`
		>
		> Hello
		> .
		< 250 2.0.0 OK: queued as m1
		< 421 4.3.2
	`)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
