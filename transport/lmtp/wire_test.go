package lmtp

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

func TestChunks(t *testing.T) {
	d := &desk{}
	c := start(t, d, trusted)
	c.talk(hello)
	c.send("MAIL FROM:<john@example.org>\r\nRCPT TO:<sms:+15551234567@example.org>\r\n" +
		"BDAT 29\r\nSubject: x\r\n\r\nRCPT TO:<a:b@c>NOOP\r\n" +
		"BDAT 23 LAST\r\n\r\n.\r\nRCPT TO:<d:e@f>\r\nxMAIL FROM:<a:b@example.org>\r\n")
	for _, want := range []string{"250", "250", "250 2.0.0 Continue", "250", "250 2.0.0 OK: queued", "250 2.1.0 sender"} {
		if got := c.reply(); !strings.HasPrefix(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	if got, want := text(d.mail(t)), "RCPT TO:<a:b@c>\n.\nRCPT TO:<d:e@f>\nx"; got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
}

// go-smtp confuses two mails when one is given up in the middle of its chunks:
// such a connection ends.
func TestGivingUpBetweenChunks(t *testing.T) {
	d := &desk{}
	first := start(t, d, func(o *Options) { o.Trusted, o.MaxSize = true, 100 })
	for _, next := range []string{"RSET", "LHLO mta", "MAIL FROM:<john@example.org>", "BDAT 99 LAST\r\n" + strings.Repeat("x", 99)} {
		c := connect(t, first.server, first.RemoteAddr())
		c.talk(hello)
		c.send("MAIL FROM:<john@example.org>\r\nRCPT TO:<+15551234567@sms.example.org>\r\nBDAT 3\r\nabc" + next + "\r\nNOOP\r\n")
		for range 3 {
			c.reply()
		}
		got := c.reply()
		if strings.HasPrefix(next, "BDAT") {
			if !strings.HasPrefix(got, "552 5.3.4") {
				t.Errorf("%s: got %q", next, got)
			}
			got = c.reply()
		}
		if !strings.HasPrefix(got, "421 4.5.0") {
			t.Errorf("%s: got %q", next, got)
		}
	}
	if len(d.mails) > 0 {
		t.Errorf("submitted: %+v", d.mails)
	}
}

// What Postfix sends with SMTPUTF8: go-smtp alone refuses its ORCPT, and the
// mail would bounce.
func TestBeyondASCII(t *testing.T) {
	d := &desk{}
	start(t, d, trusted).talk(hello + `
		> MAIL FROM:<jürgen@example.org> SMTPUTF8 BODY=8BITMIME
		> RCPT TO:<"sms:+15551234567?sender=Jürgen"@example.org> ORCPT=rfc822;J+C3+BCrgen+40example.org
		> DATA
		< 250
		< 250
		< 354
		> Content-Type: text/plain; charset=utf-8
		>
		> Grüße
		> .
		< 250
	`)
	got := d.mail(t)
	if r := got.Recipients[0]; r.Address != `"sms:+15551234567?sender=Jürgen"@example.org` || r.ORCPT != "utf-8;Jürgen@example.org" {
		t.Errorf("recipient is %+v", r)
	}
	if got.Source.Sender != smsengine.Mailbox("jürgen@example.org") || text(got) != "Grüße" {
		t.Errorf("submitted %+v", got)
	}
}

func TestLargeMailToManyPhones(t *testing.T) {
	d := &desk{}
	c := start(t, d, trusted)
	c.talk(hello)
	const phones = 1000
	var out strings.Builder
	out.WriteString("MAIL FROM:<john@example.org>\r\n")
	for i := range phones {
		fmt.Fprintf(&out, "RCPT TO:<+1555555%04d@sms.example.org>\r\n", i)
	}
	out.WriteString("RCPT TO:<+15551234567@sms.example.org>\r\nDATA\r\n")
	go io.WriteString(c, out.String())
	for range phones + 1 {
		if got := c.reply(); !strings.HasPrefix(got, "250") {
			t.Fatalf("got %q", got)
		}
	}
	if got := c.reply(); !strings.HasPrefix(got, "452 4.5.3") {
		t.Fatalf("one too many: %q", got)
	}
	c.talk("< 354")
	c.send("\r\nHello\r\n" + strings.Repeat(strings.Repeat("x", 998)+"\r\n", 10_000) + ".\r\n")
	for range phones {
		if got := c.reply(); !strings.HasPrefix(got, "250 2.0.0 OK: queued") {
			t.Fatalf("got %q", got)
		}
	}
}

// A mail within a mail would leave go-smtp with the recipients of both.
func TestMailWithinMail(t *testing.T) {
	d := &desk{}
	start(t, d, func(o *Options) { o.SMTP, o.Trusted = true, true }).talk(`
		< 220
		> EHLO pc
		< 250
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15551234567@sms.example.org>
		> MAIL FROM:<mary@example.org>
		> DATA
		< 250
		< 250
		< 503 5.5.1
		< 354
		>
		> Hello
		> .
		< 250 2.0.0 OK: queued as m1
	`)
	if got := d.mail(t).Source.Sender; got != smsengine.Mailbox("john@example.org") {
		t.Errorf("sender is %v", got)
	}
}

// What follows a DATA that was refused are commands, and one may be odd.
func TestRefusedDataIsNoMail(t *testing.T) {
	start(t, &desk{}, trusted).talk(hello + `
		> DATA
		> MAIL FROM:<john@example.org>
		> DATA
		> RCPT TO:<sms:+15551234567@example.org>
		> DATA
		< 502
		< 250
		< 502
		< 250
		< 354
		>
		> Hello
		> .
		< 250
	`)
}

func TestLimits(t *testing.T) {
	d := &desk{}
	c := start(t, d, func(o *Options) { o.MaxSize, o.MaxRecipients, o.Trusted = 3000, 2, true })
	c.talk(hello + `
		> MAIL FROM:<john@example.org> SIZE=3001
		< 552 5.3.4
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15555550101@sms.example.org>
		> RCPT TO:<+15555550102@sms.example.org>
		> RCPT TO:<+15555550103@sms.example.org>
		> DATA
		< 250
		< 250
		< 250
		< 452 4.5.3
		< 354
		> ` + strings.Repeat("too much ", 400) + `
		> .
		< 552 5.3.4
		< 552 5.3.4
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15555550101@sms.example.org>
		> DATA
		< 250
		< 250
		< 354
		>
		> ` + strings.Repeat("a long line ", 200) + `
		> .
		< 250
		> RCPT TO:<` + strings.Repeat("x", 9000) + `@sms.example.org>
		< 500 5.5.2 line too long
		> NOOP
		< 250
	`)
	if len(d.mails) != 1 {
		t.Errorf("%d mails, want the one that was small enough", len(d.mails))
	}
}

// MTAs log replies: no secret may be in one, whether the address is taken or
// refused.
func TestRepliesKeepSecrets(t *testing.T) {
	d := &desk{secret: "hunter2"}
	c := start(t, d, nil)
	c.talk(hello + `
		> MAIL FROM:<"list+sms:+15551234567?pass=hunter2"@example.org>
		> RCPT TO:<"sms:+15551234567?user=u&pass=hunter2"@example.org>
		> RCPT TO:<"sms:+15551234567?user=u&pass=hunter2> x"@example.org>
		> RCPT TO:<sms:+15551234567?user=u&pass=hunter2@example.org>
		> RCPT TO:<sms:+1555?user=u&pass=hunter2@example.org>
		> RCPT TO:<sms:+15551234567?pass=hunter2&pass=hunter2@example.org>
		> RCPT TO:<sms:+15551234567?key=hunter2@elsewhere.example.com>
		> RCPT TO:<"sms:+15551234567?pass=hunter2
		> DATA
		< 250
		< 250
		< 550 5.7.8 wrong password
		< 250
		< 553
		< 553
		< 550
		< 501
		< 354
		>
		> Hello
		> .
		< 250 2.0.0 OK: queued as m1
		< 250 2.0.0 OK: known already as m1
		> hunter2
		< 501
	`)
	if strings.Contains(c.heard.String(), "hunter2") {
		t.Errorf("the password is in\n%s", c.heard.String())
	}
}
