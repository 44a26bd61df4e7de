package milter

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-milter"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/words"
	"github.com/postel-mail/postel/transport/listen"
)

// desk is an engine with few rules: who authenticated may send, and whoever has a
// key or a password in the address. It remembers what it was asked.
type desk struct {
	mu        sync.Mutex
	asked     []question
	refuse    map[string]error // Check, by a piece of the address; nil panics
	outcome   map[string]error // Submit, the same way
	submitted []smsengine.Submission
	bounces   []smsengine.Bounce
	hold      chan struct{} // Submit waits for it; nil: it does not
	nobody    bool          // Check says yes, to nobody in particular
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
	if err := told(d.refuse, r.Address); err != nil {
		return smsengine.Verdict{}, err
	}
	switch {
	case d.nobody:
		return smsengine.Verdict{Cost: 1}, nil
	case src.Identity.Method == smsengine.MethodAuth:
		return smsengine.Verdict{Cost: 3, Identity: src.Identity}, nil
	}
	number, _, _ := phones.Parse(r.Address)
	switch {
	case !number.Key.Empty():
		return smsengine.Verdict{Cost: 1, Identity: smsengine.Identity{Method: smsengine.MethodKey, User: "alerts", Key: "k1", Peer: src.Identity.Peer}}, nil
	case !number.Password.Empty():
		return smsengine.Verdict{Cost: 1, Identity: smsengine.Identity{Method: smsengine.MethodPassword, User: number.User, Peer: src.Identity.Peer}}, nil
	case src.Identity.Peer == monitor:
		return smsengine.Verdict{Cost: 1, Identity: src.Identity}, nil
	}
	return smsengine.Verdict{}, smsengine.Fail("account", smsengine.Permanent, "5.7.1", "log in to send texts", nil)
}

// told gives the error for an address.
func told(errs map[string]error, address string) error {
	for piece, err := range errs {
		if strings.Contains(address, piece) {
			if err == nil {
				panic("a fault in the engine")
			}
			return err
		}
	}
	return nil
}

func (d *desk) Bounced(_ context.Context, b smsengine.Bounce) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bounces = append(d.bounces, b)
	return nil
}

func (d *desk) Submit(_ context.Context, s smsengine.Submission) []smsengine.Outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.submitted = append(d.submitted, s)
	if d.hold != nil {
		<-d.hold
	}
	out := make([]smsengine.Outcome, len(s.Recipients))
	for i, r := range s.Recipients {
		if err := told(d.outcome, r.Address); err != nil {
			out[i].Err = err.(*smsengine.Error)
		}
		if why := s.Mail.Kind.Refusal(); why != "" {
			out[i].Err = smsengine.Fail("loop", smsengine.Permanent, "5.7.1", why, nil)
		}
	}
	return out
}

// text gives what the mail of a submission says.
func text(s smsengine.Submission) string {
	form, _ := words.Parse("{text|subject}")
	return words.Make(s.Mail, words.Form{Template: form, Strip: []string{"quotes", "signature"}}).Text
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

const (
	client  = "192.0.2.7"
	monitor = "192.0.2.9" // an account's network
)

// start starts a milter and gives its socket.
func start(t testing.TB, d smsengine.Desk, o ...Options) (*Server, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "milter")
	l, err := listen.Open("unix:"+path, listen.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	options := Options{}
	if len(o) > 0 {
		options = o[0]
	}
	options.Desk, options.Phones, options.Tickets, options.Now = d, phones, sealer, func() time.Time { return now }
	if options.Log == nil {
		options.Log = quiet
	}
	s := New(options)
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
	sees func(action byte) // is told each frame that ends a mail, if set
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
	return mta{T: t, ClientSession: s, wire: wire.conn}
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
	macros := append([]string{macroAddress, client, macroPort, "4711"}, more...)
	if user != "" {
		macros = append(macros, macroUser, user)
	}
	if err := m.Macros(milter.CodeMail, macros...); err != nil {
		m.Fatal(err)
	}
	m.want("c", first(m.Mail(from, []string{"SIZE=100", "ENVID=QQ+2B1", "RET=hdrs"})))
}

func (m mta) rcpt(to, want string, parameters ...string) {
	m.Helper()
	m.want(want, first(m.Rcpt(to, parameters)))
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

// end ends the mail, which goes on, and gives what became of its header and what
// was done to its recipients.
func (m mta) end(fields ...string) (header, recipients []string) {
	m.Helper()
	answer, header, recipients := m.finish(fields...)
	m.want("c", answer)
	return header, recipients
}

// finish ends the mail and gives the answer as well. It reads the frames itself:
// go-milter's client does not know all of them.
func (m mta) finish(fields ...string) (answer string, header, recipients []string) {
	m.Helper()
	if _, err := m.wire.Write([]byte("\x00\x00\x00\x01E")); err != nil {
		m.Fatal(err)
	}
	header = slices.Clone(fields)
	for {
		var length uint32
		_ = m.wire.SetReadDeadline(time.Now().Add(20 * time.Second))
		if err := binary.Read(m.wire, binary.BigEndian, &length); err != nil {
			m.Fatal(err)
		}
		frame := make([]byte, length)
		if _, err := io.ReadFull(m.wire, frame); err != nil {
			m.Fatal(err)
		}
		if m.sees != nil {
			m.sees(frame[0])
		}
		text := strings.Split(strings.TrimSuffix(string(frame[1:]), "\x00"), "\x00")
		switch frame[0] {
		case 'h':
			header = append(header, text[0]+": "+text[1])
		case 'm':
			place := int(binary.BigEndian.Uint32(frame[1:]))
			name, value, _ := bytes.Cut(bytes.TrimRight(frame[5:], "\x00"), []byte{0})
			header = change1(header, place, string(name), string(value))
		case '-':
			recipients = append(recipients, "- "+text[0])
		case '2':
			recipients = append(recipients, "+ "+strings.Join(text, " "))
		case 'y':
			return text[0], header, recipients
		default:
			return string(rune(frame[0])), header, recipients
		}
	}
}

// change1 changes a field as an MTA does: the one in that place among those of
// its name; an empty value deletes it.
func change1(fields []string, place int, name, value string) []string {
	for i, f := range fields {
		known, _, _ := strings.Cut(f, ":")
		if !strings.EqualFold(strings.TrimRight(known, " "), name) {
			continue
		}
		if place--; place > 0 {
			continue
		}
		if value == "" {
			return slices.Delete(fields, i, i+1)
		}
		fields[i] = known + ": " + value
		return fields
	}
	return fields
}

// tickets opens the tickets in the fields.
func tickets(t *testing.T, fields []string) (all []mailbridge.Ticket) {
	t.Helper()
	for _, f := range fields {
		if name, value, _ := strings.Cut(f, ": "); strings.EqualFold(name, mailbridge.TicketHeader) {
			ticket, err := sealer.Open(value, now)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, ticket)
		}
	}
	return all
}

// covers opens the only ticket in the fields and asks whether it covers.
func covers(t *testing.T, fields []string, sender, messageID, number string) mailbridge.Ticket {
	t.Helper()
	all := tickets(t, fields)
	if len(all) != 1 {
		t.Fatalf("%d tickets in %q", len(all), fields)
	}
	if err := all[0].Covers(sender, messageID, number); err != nil {
		t.Fatal(err)
	}
	return all[0]
}
