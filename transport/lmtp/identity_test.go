package lmtp

import (
	"os/user"
	"strings"
	"testing"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// An address with credentials is decided at RCPT, whoever connects: a wrong
// password costs nothing and bounces at once.
func TestCredentialsAtRCPT(t *testing.T) {
	d := &desk{secret: "hunter2"}
	c := start(t, d, nil)
	c.talk(hello + `
		> MAIL FROM:<list@example.com>
		> RCPT TO:<"sms:+15555550101?user=alerts&pass=hunter2"@example.org>
		> RCPT TO:<"sms:+15555550102?user=alerts&pass=guess"@example.org>
		> RCPT TO:<"sms:+15555550103?key=hunter2"@example.org>
		> RCPT TO:<"sms:+15555550104?user=alerts"@example.org>
		> RCPT TO:<+15555550105@sms.example.org>
		< 250
		< 250
		< 550 5.7.8 wrong password
		< 250
		< 550 5.7.1
		< 250
		> DATA
		< 354
		> Message-ID: <1@example.com>
		>
		> Fire
		> .
		< 250 2.0.0 OK: queued as m1
		< 250 2.0.0 OK: queued as m2
		< 550 5.7.1 log in to send texts
	`)
	if got := strings.Join(d.checks, " "); strings.Contains(got, "0105") || strings.Count(got, "sms:") != 4 {
		t.Errorf("asked about %s", got)
	}
	for _, p := range d.pending {
		if p%3 != 0 {
			t.Errorf("pending costs %v", d.pending)
		}
	}
}

// sealed is a ticket of somebody else than john.
func sealed(t *testing.T, id smsengine.Identity, numbers ...string) string {
	t.Helper()
	v, err := sealer.Seal(mailbridge.Ticket{
		Method: id.Method, User: id.User, Key: id.Key, Peer: id.Peer, Sender: "john@example.org",
		MessageID: "1@example.org", Numbers: numbers, Issued: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return mailbridge.TicketHeader + ": " + strings.ReplaceAll(v, "\n", "\n> ")
}

// Several identities behind one mail have a ticket each, and each recipient is
// charged to the one whose ticket is for it.
func TestSeveralTickets(t *testing.T) {
	alerts := smsengine.Identity{Method: smsengine.MethodPassword, User: "alerts", Peer: "192.0.2.7"}
	key := smsengine.Identity{Method: smsengine.MethodKey, User: "fire", Key: "k1", Peer: "127.0.0.1"}
	john := smsengine.Identity{Method: smsengine.MethodAuth, User: "john@example.org", Peer: "127.0.0.1"}
	d := &desk{}
	start(t, d, nil).talk(hello + `
		> MAIL FROM:<john@example.org>
		> RCPT TO:<+15555550101@sms.example.org>
		> RCPT TO:<+15555550102@sms.example.org>
		> RCPT TO:<+15555550103@sms.example.org>
		> RCPT TO:<+15555550104@sms.example.org>
		> RCPT TO:<+15555550105@sms.example.org>
		> DATA
		< 250
		< 250
		< 250
		< 250
		< 250
		< 250
		< 354
		> X-Postel-Ticket: AAAA
		> ` + sealed(t, alerts, "+15555550102", "+15555550104") + `
		> ` + sealed(t, key, "+15555550103") + `
		> ` + ticket(t, "1@example.org", "+15555550101") + `
		> Message-ID: <1@example.org>
		>
		> Hello
		> .
		< 250 2.0.0 OK: queued as m1
		< 250 2.0.0 OK: queued as m2
		< 250 2.0.0 OK: queued as m4
		< 250 2.0.0 OK: queued as m3
		< 550 5.7.1 log in
	`)
	want := []smsengine.Identity{john, alerts, key, {Peer: "127.0.0.1"}}
	if len(d.mails) != len(want) {
		t.Fatalf("%d submissions, want %d", len(d.mails), len(want))
	}
	for i, m := range d.mails {
		if m.Source.Identity != want[i] {
			t.Errorf("%v is sent by %+v, want %+v", m.Recipients, m.Source.Identity, want[i])
		}
	}
}

func believeLocal(o *Options) { o.LocalUsers = true }

const fromRoot = "Received: by mx.example.org (Postfix, from userid 0)\n>	id 4F; Mon, 23 Nov 2026 08:00:00 +0000 (UTC)"

func TestLocalUser(t *testing.T) {
	root, err := user.LookupId("0")
	if err != nil {
		t.Fatal(err)
	}
	local := smsengine.Identity{Method: smsengine.MethodLocalUser, User: root.Username, Peer: "127.0.0.1"}
	relayed := "Received: from mail.example.com (mail.example.com [192.0.2.1])\n>	by mx.example.org (Postfix) with ESMTP id 4F\n>	for <+15551234567@sms.example.org>; Mon, 23 Nov 2026 08:00:00 +0000 (UTC)"
	for name, tt := range map[string]struct {
		header string
		change func(*Options)
		want   smsengine.Identity
	}{
		"sendmail(1)":                 {fromRoot, believeLocal, local},
		"fields above":                {"Return-Path: <root@example.org>\n> X-Spam: no\n> " + fromRoot, believeLocal, local},
		"came from elsewhere before":  {fromRoot + "\n> " + relayed, believeLocal, local},
		"not asked for":               {fromRoot, nil, smsengine.Identity{}},
		"forged below a hop":          {relayed + "\n> " + fromRoot, believeLocal, smsengine.Identity{}},
		"forged below one's own":      {strings.Replace(fromRoot, "userid 0", "userid 4000000000", 1) + "\n> " + fromRoot, believeLocal, smsengine.Identity{}},
		"forged below a forward":      {"Received: by mx.example.org (Postfix)\n>	id 4F; now\n> " + fromRoot, believeLocal, smsengine.Identity{}},
		"forged name of the client":   {"Received: from by mx.example.org (Postfix, from userid 0) (x [192.0.2.1])\n>	by mx.example.org (Postfix) with ESMTP id 4F; now", believeLocal, smsengine.Identity{}},
		"forged in another field":     {"X-Received: by mx.example.org (Postfix, from userid 0) id 4F; now\n> " + relayed, believeLocal, smsengine.Identity{}},
		"forged in a comment":         {"Received: by mx.example.org (x (Postfix, from userid 0)) id 4F; now", believeLocal, smsengine.Identity{}},
		"forged behind the comment":   {"Received: by mx.example.org (Postfix) (x, from userid 0) id 4F; now", believeLocal, smsengine.Identity{}},
		"another spelling of a field": {"RECEIVED: from x (x [192.0.2.1]) by mx.example.org id 4F; now\n> " + fromRoot, believeLocal, smsengine.Identity{}},
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			c := start(t, d, tt.change)
			c.talk(hello + `
				> MAIL FROM:<root@example.org>
				> RCPT TO:<+15551234567@sms.example.org>
				> DATA
				< 250
				< 250
				< 354
				> ` + tt.header + `
				> Message-ID: <1@example.org>
				>
				> Disk full
				> .
			`)
			c.reply()
			got := d.mail(t).Source.Identity
			if tt.want.Method == "" {
				tt.want.Peer = "127.0.0.1"
			}
			if got != tt.want {
				t.Errorf("identity is %+v, want %+v", got, tt.want)
			}
		})
	}
}

// What the mail server vouches for comes before what a trace line says.
func TestLocalUserIsTheLastResort(t *testing.T) {
	for name, tt := range map[string]struct {
		header string
		change func(*Options)
		want   string
	}{
		"ticket":  {ticket(t, "1@example.org", "+15551234567") + "\n> " + fromRoot, believeLocal, smsengine.MethodAuth},
		"trusted": {fromRoot, func(o *Options) { o.LocalUsers, o.Trusted = true, true }, smsengine.MethodTrusted},
	} {
		d := &desk{}
		start(t, d, tt.change).talk(hello + `
			> MAIL FROM:<john@example.org>
			> RCPT TO:<+15551234567@sms.example.org>
			> DATA
			< 250
			< 250
			< 354
			> ` + tt.header + `
			> Message-ID: <1@example.org>
			>
			> Hello
			> .
			< 250
		`)
		if got := d.mail(t).Source.Identity.Method; got != tt.want {
			t.Errorf("%s: identity is %q, want %q", name, got, tt.want)
		}
	}
}

// Nobody on the network is believed about the users of this machine.
func TestLocalUserFromTheNetwork(t *testing.T) {
	m := mailbridge.Mail{Header: mailbridge.Header{{Name: "Received", Value: "by mx.example.org (Postfix, from userid 0) id 4F; now"}}}
	s := &session{Server: &Server{Options: Options{LocalUsers: true}}, near: true}
	if got := s.localUser(m, smsengine.Identity{}); got.Method != smsengine.MethodLocalUser {
		t.Errorf("from this machine: %+v", got)
	}
	s.near = false
	if got := s.localUser(m, smsengine.Identity{}); got.Method != "" {
		t.Errorf("from the network: %+v", got)
	}
}
