package lmtp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
	"github.com/postel-mail/postel/smsengine/words"
	"github.com/postel-mail/postel/transport/listen"
)

// desk is an engine that remembers. It knows one rule: who is nobody may not
// send, unless the address holds the secret.
type desk struct {
	bounces []smsengine.Bounce
	mu      sync.Mutex
	checks  []string
	mails   []smsengine.Submission
	known   map[string]smsengine.MessageID // by Message-ID and number
	refuse  map[string]*smsengine.Error    // by a piece of the address
	pending []int
	secret  string
}

func (d *desk) Check(_ context.Context, src *smsengine.Source, r smsengine.Recipient, pending int) (smsengine.Verdict, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.checks = append(d.checks, r.Address)
	d.pending = append(d.pending, pending)
	if err := d.decide(src, r); err != nil {
		return smsengine.Verdict{}, err
	}
	return smsengine.Verdict{Cost: 3, Identity: src.Identity}, nil
}

func (d *desk) decide(src *smsengine.Source, r smsengine.Recipient) *smsengine.Error {
	for piece, err := range d.refuse {
		if strings.Contains(r.Address, piece) {
			return err
		}
	}
	n, _, _ := phones.Parse(r.Address)
	switch given := n.Password.Reveal() + n.Key.Reveal(); {
	case given != "" && given == d.secret:
	case given != "":
		return smsengine.Fail("account", smsengine.Permanent, "5.7.8", "wrong password", nil)
	case src.Identity.Method == "":
		return smsengine.Fail("account", smsengine.Permanent, "5.7.1", "log in to send texts", nil)
	}
	return nil
}

func (d *desk) Bounced(_ context.Context, b smsengine.Bounce) error {
	d.bounces = append(d.bounces, b)
	return nil
}

func (d *desk) Submit(_ context.Context, s smsengine.Submission) []smsengine.Outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mails = append(d.mails, s)
	out := make([]smsengine.Outcome, len(s.Recipients))
	for i, r := range s.Recipients {
		if err := d.decide(&s.Source, r); err != nil {
			out[i].Err = err
			continue
		}
		if why := s.Mail.Kind.Refusal(); why != "" {
			out[i].Err = smsengine.Fail("loop", smsengine.Permanent, "5.7.1", why, nil)
			continue
		}
		number, _, _ := phones.Parse(r.Address)
		key := s.Source.MessageID + s.Source.Digest + number.Number
		out[i].ID, out[i].Duplicate = d.known[key]
		if !out[i].Duplicate {
			out[i].ID = smsengine.MessageID(fmt.Sprintf("m%d", len(d.known)+1))
			d.known[key] = out[i].ID
		}
	}
	return out
}

// text gives what the mail of a submission says.
func text(s smsengine.Submission) string {
	form, _ := words.Parse("{text|subject}")
	return words.Make(s.Mail, words.Form{Template: form, Strip: []string{"quotes", "signature"}}).Text
}

// mail gives the only mail that was submitted.
func (d *desk) mail(t *testing.T) smsengine.Submission {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.mails) != 1 {
		t.Fatalf("%d submissions, want 1", len(d.mails))
	}
	return d.mails[0]
}

var phones = func() *phone.Parser {
	p, err := phone.New(phone.Rules{
		Domains: []string{"example.org"}, PhoneDomains: []string{"sms.example.org"}, Region: "US", BareNumbers: true,
	})
	if err != nil {
		panic(err)
	}
	return p
}()

var sealer = mailbridge.NewSealer([32]byte{1, 2, 3})

// now is when the tests take place.
var now = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// start starts a server and gives a client's connection to it.
func start(t testing.TB, d *desk, change func(*Options)) *client {
	t.Helper()
	if d.known == nil {
		d.known = map[string]smsengine.MessageID{}
	}
	o := Options{
		Desk: d, Phones: phones, Tickets: sealer, Host: "mx.example.org",
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	}
	if change != nil {
		change(&o)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(o)
	served := make(chan error)
	go func() { served <- s.Serve(listen.Wrap(inner, listen.Options{Log: o.Log})) }()
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
	return connect(t, s, inner.Addr())
}

// client is the other end of a conversation. It remembers what it heard.
type client struct {
	net.Conn
	*testing.T
	server *Server
	in     *bufio.Reader
	heard  strings.Builder
}

func connect(t testing.TB, s *Server, addr net.Addr) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	test, _ := t.(*testing.T)
	return &client{Conn: c, T: test, server: s, in: bufio.NewReader(c)}
}

// talk goes through a conversation: ">" lines are sent, those that follow each
// other in one packet; after "<" stands how the last line of the next reply
// must begin.
func (c *client) talk(script string) {
	c.Helper()
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, ">"):
			out.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ") + "\r\n")
		case strings.HasPrefix(line, "<"):
			c.send(out.String())
			out.Reset()
			want := strings.TrimSpace(line[1:])
			if got := c.reply(); !strings.HasPrefix(got, want) {
				c.Fatalf("got %q, want %q", got, want)
			}
		}
	}
	c.send(out.String())
}

func (c *client) send(s string) {
	c.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.Fatal(err)
	}
}

// reply gives the last line of the next reply.
func (c *client) reply() string {
	c.Helper()
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		line, err := c.in.ReadString('\n')
		c.heard.WriteString(line)
		if err != nil {
			c.Fatalf("after %q: %v", line, err)
		}
		if len(line) < 4 || line[3] != '-' {
			return strings.TrimRight(line, "\r\n")
		}
	}
}

// ticket seals a ticket for john's mails to the numbers.
func ticket(t testing.TB, messageID string, numbers ...string) string {
	t.Helper()
	v, err := sealer.Seal(mailbridge.Ticket{
		User: "john@example.org", Method: smsengine.MethodAuth, Sender: "john@example.org",
		MessageID: messageID, Numbers: numbers, Issued: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return mailbridge.TicketHeader + ": " + strings.ReplaceAll(v, "\n", "\n> ")
}
