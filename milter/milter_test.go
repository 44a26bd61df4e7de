package milter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/transport/listen"
)

// desk is an engine with one rule: who is nobody may not send. It remembers
// what it was asked.
type desk struct {
	smsengine.Desk // Submit: a milter never calls it
	mu             sync.Mutex
	asked          []question
	refuse         map[string]error // by a piece of the address
}

type question struct {
	identity smsengine.Identity
	sender   smsengine.Address
	address  string
	pending  int
}

func (d *desk) Check(_ context.Context, src *smsengine.Source, r smsengine.Recipient, pending int) (smsengine.Verdict, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, question{src.Identity, src.Sender, r.Address, pending})
	for piece, err := range d.refuse {
		if strings.Contains(r.Address, piece) {
			if err == nil {
				panic("a fault in the engine")
			}
			return smsengine.Verdict{}, err
		}
	}
	if src.Identity.Method == "" {
		return smsengine.Verdict{}, smsengine.Fail("account", smsengine.Permanent, "5.7.1", "log in to send texts", nil)
	}
	return smsengine.Verdict{Cost: 3, Identity: src.Identity}, nil
}

func (d *desk) users() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var users []string
	for _, q := range d.asked {
		users = append(users, q.identity.User)
	}
	return users
}

var phones = func() *phone.Parser {
	p, err := phone.New(phone.Rules{Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US"})
	if err != nil {
		panic(err)
	}
	return p
}()

var (
	sealer = mailbridge.NewSealer([32]byte{1, 2, 3})
	now    = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	quiet  = slog.New(slog.DiscardHandler)
)

// start starts a milter and gives its socket.
func start(t testing.TB, d *desk) (*Server, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "milter")
	l, err := listen.Open("unix:"+path, listen.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Desk: d, Phones: phones, Tickets: sealer, Log: quiet, Now: func() time.Time { return now }})
	served := make(chan error)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, path
}

// mta is an MTA's side of a session.
type mta struct {
	*testing.T
	*milter.ClientSession
	wire net.Conn
}

func connect(t *testing.T, path string) mta {
	t.Helper()
	var wire dialer
	c := milter.NewClientWithOptions("unix", path, milter.ClientOptions{
		Dialer: &wire, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second,
		ActionMask: milter.OptAddHeader | milter.OptChangeHeader, ProtocolMask: 0x7f,
	})
	s, err := c.Session()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return mta{t, s, wire.conn}
}

// dialer keeps what it dialled.
type dialer struct{ conn net.Conn }

func (d *dialer) Dial(network, address string) (c net.Conn, err error) {
	d.conn, err = net.Dial(network, address)
	return d.conn, err
}

// mail begins a mail as Postfix does: the macros, then MAIL.
func (m mta) mail(user, from string, more ...string) {
	m.Helper()
	macros := append([]string{macroAddress, "192.0.2.7", macroPort, "4711"}, more...)
	if user != "" {
		macros = append(macros, macroUser, user)
	}
	if err := m.Macros(milter.CodeMail, macros...); err != nil {
		m.Fatal(err)
	}
	m.want("c", first(m.Mail(from, nil)))
}

func (m mta) rcpt(to, want string) {
	m.Helper()
	m.want(want, first(m.Rcpt(to, []string{"NOTIFY=NEVER"})))
}

// first makes a text of an action: "c", "a", or the reply.
func first(a *milter.Action, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case a.Code == milter.ActReplyCode:
		return fmt.Sprint(a.SMTPCode, " ", a.SMTPText)
	}
	return string(rune(a.Code))
}

func (m mta) want(want, got string) {
	m.Helper()
	if got != want {
		m.Fatalf("got %q, want %q", got, want)
	}
}

// header sends fields, "Name: value" each.
func (m mta) header(want string, fields ...string) {
	m.Helper()
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		m.want(want, first(m.HeaderField(name, value)))
	}
}

// end ends the mail and gives what became of its header.
func (m mta) end(fields ...string) []string {
	m.Helper()
	changes, a, err := m.End()
	m.want("c", first(a, err))
	return apply(fields, changes)
}

// apply changes a header as an MTA does.
func apply(fields []string, changes []milter.ModifyAction) []string {
	fields = slices.Clone(fields)
	for _, c := range changes {
		switch c.Code {
		case milter.ActAddHeader:
			fields = append(fields, c.HeaderName+": "+c.HeaderValue)
		case milter.ActChangeHeader:
			place := 0
			for i, f := range fields {
				name, _, _ := strings.Cut(f, ":")
				if !strings.EqualFold(name, c.HeaderName) {
					continue
				}
				if place++; place == int(c.HeaderIndex) {
					fields = slices.Delete(fields, i, i+1)
					break
				}
			}
		}
	}
	return fields
}

// covers opens the only ticket in the fields and asks whether it covers.
func covers(t *testing.T, fields []string, sender, messageID, number string) mailbridge.Ticket {
	t.Helper()
	var tickets []string
	for _, f := range fields {
		if name, value, _ := strings.Cut(f, ": "); strings.EqualFold(name, mailbridge.TicketHeader) {
			tickets = append(tickets, value)
		}
	}
	if len(tickets) != 1 {
		t.Fatalf("%d tickets in %q", len(tickets), fields)
	}
	ticket, err := sealer.Open(tickets[0], now)
	if err != nil {
		t.Fatal(err)
	}
	if err := ticket.Covers(sender, messageID, number); err != nil {
		t.Fatal(err)
	}
	return ticket
}

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
	got := m.end(fields...)
	covers(t, got, "john doe@example.org", "1@example.org", "+15551234567")
	ticket := covers(t, got, "john doe@example.org", "1@example.org", "+15551234568")
	if ticket.User != "john" || ticket.Method != smsengine.MethodAuth {
		t.Errorf("ticket is %+v", ticket)
	}
	id := smsengine.Identity{Method: smsengine.MethodAuth, User: "john", Peer: "192.0.2.7"}
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
	got := m.end()
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
	if got := m.end(); got != nil {
		t.Errorf("changed: %q", got)
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
		got := m.end(fields...)
		covers(t, got, "john@example.org", "1@example.org", "+15555550101")
		if want := forged + 2; len(got) != want {
			t.Errorf("%d fields are left of %q: %q", len(got), fields, got)
		}
	}
}

// A desk may say yes to nobody in particular; then there is no ticket, and no
// forged one either.
func TestForgedTicketOfNobody(t *testing.T) {
	d := &generous{}
	path := filepath.Join(t.TempDir(), "milter")
	l, err := listen.Open("unix:"+path, listen.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Desk: d, Phones: phones, Tickets: sealer, Log: quiet})
	go s.Serve(l)
	defer s.Shutdown(context.Background())
	m := connect(t, path)
	m.mail("", "mary@example.com")
	m.rcpt("+15555550101@sms.example.org", "c")
	fields := []string{"X-Postel-Ticket: forged", "Subject: x"}
	m.header("c", fields...)
	if got := m.end(fields...); !slices.Equal(got, []string{"Subject: x"}) {
		t.Errorf("left: %q", got)
	}
	m.Close()
}

type generous struct{ smsengine.Desk }

func (generous) Check(context.Context, *smsengine.Source, smsengine.Recipient, int) (smsengine.Verdict, error) {
	return smsengine.Verdict{Cost: 1}, nil
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

// A bounce to a phone is taken, unstamped: the transport drops it.
func TestNullSender(t *testing.T) {
	d := &desk{}
	_, path := start(t, d)
	m := connect(t, path)
	m.mail("", "")
	m.rcpt("+15555550101@sms.example.org", "c")
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
	covers(t, busy.end(fields...), "john@example.org", "1@example.org", "+15555550101")
	if err := <-done; err != nil {
		t.Error(err)
	}
}
