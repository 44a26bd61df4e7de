package milter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/listen"
)

func TestStamp(t *testing.T) {
	d := &desk{}
	_, path := start(t, d)
	m := connect(t, path)
	m.mail("john", `"john doe"@example.org`)
	m.rcpt(`"sms:+15551234567?maxmsgs=3"@example.org`, "c")
	m.rcpt(`mary@example.org`, "c")
	m.rcpt(`+1-555-123-4567@sms.example.org`, "c")
	m.rcpt(`sms:+15551234568@example.org`, "c")
	fields := []string{"From: john@example.org", "Message-Id: <1@example.org>", "Message-ID: <2@example.org>"}
	m.header("c", fields...)
	m.want("c", first(m.HeaderEnd()))
	got, recipients := m.end(fields...)
	if recipients != nil {
		t.Errorf("recipients: %q", recipients)
	}
	covers(t, got, "john doe@example.org", "1@example.org", "+15551234567")
	ticket := covers(t, got, "john doe@example.org", "1@example.org", "+15551234568")
	if ticket.User != "john" || ticket.Method != smsengine.MethodAuth {
		t.Errorf("ticket is %+v", ticket)
	}
	id := smsengine.Identity{Method: smsengine.MethodAuth, User: "john", Peer: client}
	sender := smsengine.Mailbox("john doe@example.org")
	if want := []question{
		{id, sender, `"sms:+15551234567?maxmsgs=3"@example.org`, 0},
		{id, sender, `sms:+15551234568@example.org`, 3},
	}; !reflect.DeepEqual(d.asked, want) {
		t.Errorf("asked %+v, want %+v", d.asked, want)
	}
}

func TestRefusals(t *testing.T) {
	d := &desk{refuse: map[string]error{
		"0102": smsengine.Fail("quota", smsengine.Permanent, "5.2.2", "100% of the limit\r\nis used", nil),
		"0103": errors.New("private"),
		"0104": nil, // panics
	}}
	_, path := start(t, d)
	m := connect(t, path)
	m.mail("john", "john@example.org")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.rcpt("+15555550102@sms.example.org", "552 5.2.2 100%% of the limit  is used")
	m.rcpt("+15555550103@sms.example.org", "451 4.3.0 temporary failure of the phone service, try again later")
	m.rcpt("+15555550104@sms.example.org", "451 4.3.0 temporary failure of the phone service, try again later")
	if got := first(m.Rcpt("+1555@sms.example.org", nil)); !strings.HasPrefix(got, "553 5.1.3 ") {
		t.Errorf("bad number: %q", got)
	}
	m.rcpt("mary@example.org", "c")
	m.header("c", "Subject: x")
	got, _ := m.end()
	covers(t, got, "john@example.org", "", "+15555550101")
}

// Other mail is let go at its first header, and the session is still itself.
func TestOtherMail(t *testing.T) {
	d := &desk{}
	_, path := start(t, d)
	m := connect(t, path)
	for range 3 {
		m.mail("", "mary@example.com")
		m.rcpt("john@example.org", "c")
		m.header("a", "X-Postel-Ticket: forged")
	}
	m.mail("", "mary@example.com") // without any header
	m.rcpt("john@example.org", "c")
	if header, recipients := m.end(); header != nil || recipients != nil {
		t.Errorf("changed: %q, %q", header, recipients)
	}
	m.mail("", "mary@example.com") // all phones refused, the mail goes to john
	m.rcpt("+15555550101@sms.example.org", "550 5.7.1 log in to send texts")
	m.rcpt("john@example.org", "c")
	m.header("a", "X-Postel-Ticket: forged")
	if len(d.asked) != 1 {
		t.Errorf("asked %+v", d.asked)
	}
}

func TestForgedTicketsAreRemoved(t *testing.T) {
	_, path := start(t, &desk{})
	for _, forged := range []int{1, 2, 5} {
		m := connect(t, path)
		m.mail("john", "john@example.org")
		m.rcpt("+15555550101@sms.example.org", "c")
		fields := []string{"Message-ID: <1@example.org>"}
		for i := range forged {
			fields = append(fields, fmt.Sprintf("x-postel-TICKET: forged %d", i), "Subject: x")
		}
		m.header("c", fields...)
		got, _ := m.end(fields...)
		covers(t, got, "john@example.org", "1@example.org", "+15555550101")
		if want := forged + 2; len(got) != want {
			t.Errorf("%d fields are left of %q: %q", len(got), fields, got)
		}
	}
}

// A desk may say yes to nobody in particular; then there is no ticket, and no
// forged one either.
func TestForgedTicketOfNobody(t *testing.T) {
	_, path := start(t, &desk{nobody: true})
	m := connect(t, path)
	m.mail("", "mary@example.com")
	m.rcpt("+15555550101@sms.example.org", "c")
	fields := []string{"X-Postel-Ticket: forged", "Subject: x"}
	m.header("c", fields...)
	if got, _ := m.end(fields...); !slices.Equal(got, []string{"Subject: x"}) {
		t.Errorf("left: %q", got)
	}
}

// Who authenticated is asked for each mail anew, and believed of nothing but
// {auth_authen}.
func TestIdentityStaysWithItsMail(t *testing.T) {
	d := &desk{}
	_, path := start(t, d)
	one, two := connect(t, path), connect(t, path)

	one.mail("john", "john@example.org")
	two.mail("", "mary@example.com", "{auth_author}", "john")
	two.rcpt("+15555550101@sms.example.org", "550 5.7.1 log in to send texts")
	one.rcpt("+15555550101@sms.example.org", "c")
	one.header("c", "Subject: x")
	one.end()

	// A second mail, and one that comes without macros at all.
	one.mail("john", "john@example.org")
	one.rcpt("+15555550101@sms.example.org", "c")
	if err := one.Abort(); err != nil {
		t.Fatal(err)
	}
	one.mail("", "john@example.org")
	one.rcpt("+15555550101@sms.example.org", "550 5.7.1 log in to send texts")
	one.mail("john", "john@example.org")
	one.want("c", first(one.Mail("mary@example.com", nil)))
	one.rcpt("+15555550101@sms.example.org", "550 5.7.1 log in to send texts")

	if want := []string{"", "john", "john", "", ""}; !slices.Equal(d.users(), want) {
		t.Errorf("users were %q, want %q", d.users(), want)
	}
}

// A list writes its members' addresses into the envelope sender (VERP). A password
// in it goes to nobody who keeps the sender; the ticket is bound to the sender as
// the mail has it.
func TestSecretInTheSender(t *testing.T) {
	d := &desk{}
	_, path := start(t, d)
	m := connect(t, path)
	const verp = "list+bounces-1-sms=+15551234567?user=alerts&pass=hush@lists.example.org"
	m.mail("john", verp)
	m.rcpt("+15551234567@sms.example.org", "c")
	fields := []string{"Message-ID: <1@example.org>"}
	m.header("c", fields...)
	got, _ := m.end(fields...)
	covers(t, got, verp, "1@example.org", "+15551234567")
	if len(d.asked) != 1 || strings.Contains(d.asked[0].sender.Value, "hush") || !strings.Contains(d.asked[0].sender.Value, "list+bounces-1") {
		t.Errorf("asked %+v", d.asked)
	}
}

// A bounce to a phone is taken, unstamped: the transport drops it.
func TestNullSender(t *testing.T) {
	d := &desk{}
	_, path := start(t, d)
	m := connect(t, path)
	m.mail("", "")
	m.rcpt("+15555550101@sms.example.org", "c")
	m.rcpt("noreply.ACME@sms.example.org", "c") // whose sender has a name in place of a number
	m.header("a", "Subject: Undelivered Mail")
	if len(d.asked) != 0 {
		t.Errorf("asked %+v", d.asked)
	}
}

// What is not a milter conversation ends the connection, not the server.
func TestGarbage(t *testing.T) {
	_, path := start(t, &desk{})
	for _, garbage := range []string{"", "\x00\x00\x00\x00", "GET / HTTP/1.0\r\n\r\n", "\x00\x00\x00\x01R", "\x00\x00\x00\x01L", "\x00\x00\x00\x02DM", "\xff\xff\xff\xffO", "\x00\x00\x00\x01E"} {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, garbage)
		c.(*net.UnixConn).CloseWrite()
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("after %q: %v", garbage, err)
		}
		c.Close()
	}
	m := connect(t, path)
	m.mail("john", "john@example.org")
	m.rcpt("+15555550101@sms.example.org", "c")
}

func TestShutdownLetsMailsEnd(t *testing.T) {
	s, path := start(t, &desk{})
	idle, busy := connect(t, path), connect(t, path)
	busy.mail("john", "john@example.org")
	busy.rcpt("+15555550101@sms.example.org", "c")
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	idle.wire.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := idle.wire.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the idle session: %v", err)
	}
	fields := []string{"Message-ID: <1@example.org>"}
	busy.header("c", fields...)
	got, _ := busy.end(fields...)
	covers(t, got, "john@example.org", "1@example.org", "+15555550101")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A session stays with the milter that it began with, and so do all its mails.
func TestHandedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "milter")
	old, err := listen.Open("unix:"+path, listen.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	serve := func(l *listen.Listener) (*desk, *Server, chan error) {
		d, ended := &desk{}, make(chan error, 1)
		s := New(Options{Desk: d, Phones: phones, Tickets: sealer, Now: func() time.Time { return now }, Log: quiet})
		go func() { ended <- s.Serve(l) }()
		return d, s, ended
	}
	mail := func(m mta, id string) {
		t.Helper()
		m.mail("john", "john@example.org")
		m.rcpt("+15555550101@sms.example.org", "c")
		fields := []string{"Message-ID: <" + id + ">"}
		m.header("c", fields...)
		got, _ := m.end(fields...)
		covers(t, got, "john@example.org", id, "+15555550101")
	}
	oldDesk, oldServer, ended := serve(old)
	before := connect(t, path)
	mail(before, "1@example.org")
	before.mail("john", "john@example.org") // a mail is under way

	heir, err := old.Heir(listen.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
	youngDesk, youngServer, ended := serve(heir)
	after := connect(t, path)
	mail(after, "2@example.org")
	before.rcpt("+15555550102@sms.example.org", "c")
	fields := []string{"Message-ID: <3@example.org>"}
	before.header("c", fields...)
	before.end(fields...)
	mail(before, "4@example.org")
	if o, y := len(oldDesk.users()), len(youngDesk.users()); o != 3 || y != 1 {
		t.Errorf("the old desk was asked %d times, the new one %d times", o, y)
	}

	before.Close()
	<-old.Left()
	after.Close()
	for _, s := range []*Server{oldServer, youngServer} {
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
}
