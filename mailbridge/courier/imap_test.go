package courier

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/postel-mail/postel/internal/tap"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

const (
	masterPassword = "skeleton-4711"
	johnsLogin     = "john@example.org*postel"
)

// box is John's mailbox on an IMAP server in memory, which a master user opens.
// Its clients come through a tap.
type box struct {
	tap     *tap.Tap
	address string // of the server itself

	mu     sync.Mutex
	answer error // to APPEND
}

// session refuses APPEND as the test says.
type session struct {
	imapserver.SessionIMAP4rev2
	box *box
}

func (s *session) Append(folder string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	s.box.mu.Lock()
	err := s.box.answer
	s.box.mu.Unlock()
	if err != nil {
		return nil, err
	}
	data, err := s.SessionIMAP4rev2.Append(folder, r, o)
	var answer *imap.Error
	if errors.As(err, &answer) && answer.Code == imap.ResponseCodeNonExistent {
		answer.Code = imap.ResponseCodeTryCreate // RFC 9051 §6.3.12
	}
	return data, err
}

func (b *box) refuse(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = err
}

func newBox(t *testing.T) *box {
	t.Helper()
	john := imapmemserver.NewUser(johnsLogin, masterPassword)
	if err := john.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	memory := imapmemserver.New()
	memory.AddUser(john)
	b := &box{}
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{memory.NewSession().(imapserver.SessionIMAP4rev2), b}, nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	b.address = l.Addr().String()
	b.tap = tap.New(t, b.address)
	return b
}

func (b *box) sender(t *testing.T, password string) *Sender {
	t.Helper()
	sender, err := NewSender(Options{
		Address: "imap",
		IMAP: IMAP{
			Server: mailbox.Server{Address: b.tap.Address, Security: mailbox.Plain, Patience: 5 * time.Second},
			User:   "%s*postel", Password: phone.NewSecret(password), Folder: "SMS Nachrichten für mich",
		},
		Style: testStyle,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	return sender
}

// folder gives the mails in one of John's folders.
func (b *box) folder(t *testing.T, name string) []*imapclient.FetchMessageBuffer {
	t.Helper()
	c, err := imapclient.DialInsecure(b.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(johnsLogin, masterPassword).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Enable(imap.CapIMAP4rev2).Wait(); err != nil {
		t.Fatal(err)
	}
	found, err := c.Select(name, nil).Wait()
	if err != nil || found.NumMessages == 0 {
		return nil
	}
	var set imap.SeqSet
	set.AddRange(1, found.NumMessages)
	all, err := c.Fetch(set, &imap.FetchOptions{
		UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// from is a text from a phone to John, at its attempt-th attempt.
func from(attempt int) smsengine.Delivery {
	return smsengine.Delivery{Message: smsengine.Message{
		ID: "m1", Kind: smsengine.Incoming, Attempt: attempt,
		From: smsengine.Phone("+15555550123"), To: smsengine.Mailbox("john@example.org"),
		Body:    smsengine.Body{Text: "On my way", Received: &smsengine.ReceivedSMS{Sent: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}},
		Created: time.Date(2026, 3, 4, 5, 7, 0, 0, time.UTC),
	}}
}

func note() smsengine.Delivery {
	d := from(1)
	d.Message.ID, d.Message.Kind, d.Message.Body = "m2", smsengine.Note, smsengine.Body{Subject: "A limit is near", Text: "80 %"}
	return d
}

const texts = "SMS Nachrichten für mich"

func TestAppend(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	s := b.sender(t, masterPassword)
	taking, err := s.Send(t.Context(), from(1))
	if err != nil {
		t.Fatal(err)
	}
	if !taking.Delivered || !strings.HasSuffix(taking.Reference, "/1") {
		t.Errorf("taking %+v: want it delivered, with UIDVALIDITY and UID", taking)
	}
	got := b.folder(t, texts)
	if len(got) != 1 {
		t.Fatalf("%d mails in the folder, want 1", len(got))
	}
	if len(got[0].Flags) != 0 {
		t.Errorf("flags %v: the mail must be unread", got[0].Flags)
	}
	if at := got[0].InternalDate.UTC(); !at.Equal(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)) {
		t.Errorf("arrived %s, want the network's time", at)
	}
	text := string(got[0].BodySection[0].Bytes)
	for _, want := range []string{"Return-Path: <+15555550123@sms.example.org>\r\n", "Message-ID: <m1@mx.example.org>\r\n", "On my way"} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail has no %q:\n%s", want, text)
		}
	}
	if _, err := s.Send(t.Context(), note()); err != nil {
		t.Fatal(err)
	}
	if got := b.folder(t, "INBOX"); len(got) != 1 {
		t.Errorf("%d mails in INBOX, want the note", len(got))
	}
	if n := strings.Count(b.tap.Said(tap.Client), "AUTHENTICATE"); n != 2 {
		t.Errorf("%d logins, want one, and one more for the folder that was missing", n)
	}
}

// TestAppendOnce cuts the connection at each step. However far it came, the
// Sender says what that means, and the next attempt leaves one mail.
func TestAppendOnce(t *testing.T) {
	t.Parallel()
	for _, cut := range []struct {
		name string
		at   func(*tap.Tap) <-chan struct{}
		want smsengine.Class
	}{
		{"greeting", func(p *tap.Tap) <-chan struct{} { return p.CutBefore(tap.Server, "* OK") }, smsengine.Temporary},
		{"login", func(p *tap.Tap) <-chan struct{} { return p.CutBefore(tap.Client, "AUTHENTICATE") }, smsengine.Temporary},
		{"login's answer", func(p *tap.Tap) <-chan struct{} { return p.CutBefore(tap.Server, "OK [CAPABILITY") }, smsengine.Temporary},
		{"append", func(p *tap.Tap) <-chan struct{} { return p.CutBefore(tap.Client, " APPEND ") }, smsengine.Uncertain},
		{"append's refusal", func(p *tap.Tap) <-chan struct{} { return p.CutBefore(tap.Server, "[TRYCREATE]") }, smsengine.Uncertain},
		{"create", func(p *tap.Tap) <-chan struct{} { return p.CutBefore(tap.Client, " CREATE ") }, smsengine.Temporary},
		{"create's answer", func(p *tap.Tap) <-chan struct{} { return p.CutAfter(tap.Client, " CREATE ") }, smsengine.Temporary},
		{"subscribe", func(p *tap.Tap) <-chan struct{} { return p.CutBefore(tap.Client, " SUBSCRIBE ") }, smsengine.Temporary},
		{"append's answer", func(p *tap.Tap) <-chan struct{} { return p.CutBefore(tap.Server, "[APPENDUID") }, smsengine.Uncertain},
	} {
		t.Run(cut.name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			s := b.sender(t, masterPassword)
			happened := cut.at(b.tap)
			_, err := s.Send(t.Context(), from(1))
			select {
			case <-happened:
			default:
				t.Fatalf("the connection was not cut; the client said:\n%s", b.tap.Said(tap.Client))
			}
			var e *smsengine.Error
			if !errors.As(err, &e) || e.Class != cut.want {
				t.Errorf("error %v, want a %s one", err, cut.want)
			}
			if _, err := s.Send(t.Context(), from(2)); err != nil {
				t.Fatal("the second attempt: ", err)
			}
			if got := b.folder(t, texts); len(got) != 1 {
				t.Errorf("%d mails, want 1", len(got))
			}
		})
	}
}

// TestAppendAfterRest loses the connection while it is idle: that is nobody's
// failure.
func TestAppendAfterRest(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	s := b.sender(t, masterPassword)
	for i := range 3 {
		d := from(1)
		d.Message.ID = smsengine.MessageID(fmt.Sprintf("m%d", i))
		if _, err := s.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		b.tap.CutAll()
	}
	if got := b.folder(t, texts); len(got) != 3 {
		t.Errorf("%d mails, want 3", len(got))
	}
}

func TestAppendRefused(t *testing.T) {
	t.Parallel()
	no := func(code imap.ResponseCode, text string) error {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
	}
	b := newBox(t)
	s := b.sender(t, masterPassword)
	if _, err := s.Send(t.Context(), note()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		answer error
		want   smsengine.Status
	}{
		{no(imap.ResponseCodeOverQuota, "Quota exceeded"), smsengine.Status{Class: smsengine.Temporary, Code: "4.2.2", Text: "the mailbox is full"}},
		{no(imap.ResponseCodeTooBig, "no"), smsengine.Status{Class: smsengine.Permanent, Code: "5.2.3", Text: "the mail is larger than the mailbox takes"}},
		{no("", "Disk\tis full"), smsengine.Status{Class: smsengine.Temporary, Code: "4.2.0", Text: "the mailbox server said: NO Disk is full"}},
	} {
		b.refuse(c.answer)
		_, err := s.Send(t.Context(), from(1))
		if got := smsengine.StatusOf(err); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.answer, got, c.want)
		}
	}
	b.refuse(nil)
	if _, err := s.Send(t.Context(), from(2)); err != nil {
		t.Error("once there is room: ", err)
	}
}

func TestAppendWrongPassword(t *testing.T) {
	t.Parallel()
	const wrong = "not-the-password"
	b := newBox(t)
	s := b.sender(t, wrong)
	_, err := s.Send(t.Context(), from(1))
	if got := smsengine.StatusOf(err); got.Class != smsengine.Temporary || got.Code != "4.3.5" {
		t.Errorf("%+v, want 4.3.5", got)
	}
	if err == nil || strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), "login") {
		t.Errorf("error %v: want the cause without the password", err)
	}
}

func TestAppendLogin(t *testing.T) {
	t.Parallel()
	a := &appender{IMAP: IMAP{User: "%s*postel"}}
	if got, err := a.login("john@example.org"); got != johnsLogin || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := a.login("john+sms@example.org"); got != johnsLogin || err != nil {
		t.Errorf("with an extension: %q, %v", got, err)
	}
	for _, addr := range []string{"mary*x@example.org", "john@example.org*x", "a b@example.org", "a\r\nb@example.org"} {
		if got, err := a.login(addr); err == nil {
			t.Errorf("%q may log in as %q", addr, got)
		}
	}
	for _, user := range []string{"", "postel", "%s%s"} {
		if _, err := newAppender(Options{IMAP: IMAP{Server: mailbox.Server{Address: "127.0.0.1:143"}, User: user}}); err == nil {
			t.Errorf("the pattern %q is taken", user)
		}
	}
}

// TestStored looks at what is appended beyond the letter.
func TestStored(t *testing.T) {
	t.Parallel()
	l := mailbridge.Letter{From: "", To: "john@example.org", Data: []byte("Subject: x\r\n\r\nbody\r\n")}
	if got := stored(l); !bytes.HasPrefix(got, []byte("Return-Path: <>\r\nDelivered-To: john@example.org\r\nSubject: x\r\n")) {
		t.Errorf("%q", got)
	}
}
