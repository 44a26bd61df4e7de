package imap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/postel-mail/postel/internal/tap"
	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/mailbridge/courier/mailbox"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// desk takes every text, or answers by number as the test says. Like the real one
// it knows a mail that comes again.
type desk struct {
	smsengine.Desk
	mu      sync.Mutex
	answers map[string]*smsengine.Error // by recipient address
	texts   []text
	asked   int
	bounces []smsengine.Bounce
	refused []smsengine.Submission
}

type text struct{ to, words, mail, name, method, user, sender string }

func (d *desk) Submit(_ context.Context, s smsengine.Submission) []smsengine.Outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	out := make([]smsengine.Outcome, len(s.Recipients))
	for _, p := range s.Mail.Passages {
		s.Body.Text += p.Text
	}
	if s.Refusal != nil || !s.Tell {
		d.refused = append(d.refused, s)
	}
	for i, r := range s.Recipients {
		t := text{to: r.Address, words: s.Body.Text, mail: s.Source.MessageID + s.Source.Digest, name: r.Name,
			method: s.Source.Identity.Method, user: s.Source.Identity.User, sender: s.Source.Sender.Value}
		switch {
		case s.Refusal != nil:
			out[i].Err = s.Refusal
		case d.answers[r.Address] != nil:
			out[i].Err = d.answers[r.Address]
		case slices.Contains(d.texts, t):
			out[i].Duplicate = true
		default:
			d.texts = append(d.texts, t)
		}
	}
	return out
}

func (d *desk) Bounced(_ context.Context, b smsengine.Bounce) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bounces = append(d.bounces, b)
	return nil
}

func (d *desk) set(address string, err *smsengine.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers[address] = err
}

func (d *desk) got() []text {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.texts)
}

// hoster is an IMAP server in memory with the mailbox that is watched, behind a
// tap.
type hoster struct {
	t    *testing.T
	tap  *tap.Tap
	user *imapmemserver.User
	desk *desk
}

const (
	login    = "sms@example.org"
	password = "hosted-4711"
	server   = "mx.example.org"
)

// plain is a session of a server that knows no MOVE.
type plain struct{ imapserver.Session }

// movesNotAll stands for a server that does not move the first mail.
const movesNotAll imap.Cap = "X-STUBBORN"

type stubborn struct{ imapserver.SessionIMAP4rev2 }

func (s stubborn) Move(w *imapserver.MoveWriter, set imap.NumSet, to string) error {
	if uids := set.(imap.UIDSet); uids.Contains(1) {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNoPerm, Text: "not this one"}
	}
	return s.SessionIMAP4rev2.(imapserver.SessionMove).Move(w, set, to)
}

func newHoster(t *testing.T, caps ...imap.Cap) *hoster {
	t.Helper()
	h := &hoster{t: t, desk: &desk{answers: map[string]*smsengine.Error{}}, user: imapmemserver.NewUser(login, password)}
	if err := h.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	memory := imapmemserver.New()
	memory.AddUser(h.user)
	set := imap.CapSet{imap.CapIMAP4rev1: {}}
	for _, c := range caps {
		set[c] = struct{}{}
	}
	s := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			if !set.Has(imap.CapMove) {
				return plain{memory.NewSession()}, nil, nil
			}
			if set.Has(movesNotAll) {
				return stubborn{memory.NewSession().(imapserver.SessionIMAP4rev2)}, nil, nil
			}
			return memory.NewSession(), nil, nil
		},
		Caps: set, InsecureAuth: true,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	h.tap = tap.New(t, l.Addr().String())
	if !set.Has(imap.CapIdle) {
		h.tap.Hide("IDLE") // this server always offers it
	}
	return h
}

// watch starts a Watcher for the time of the test.
func (h *hoster) watch(change func(*Options)) {
	h.t.Helper()
	p := parser(h.t)
	o := Options{
		ID: "hosted", Server: mailbox.Server{Address: h.tap.Address, Security: mailbox.Plain, Patience: 5 * time.Second},
		User: login, Password: phone.NewSecret(password), AuthServer: server,
		Desk: h.desk, Letterbox: mailbridge.Letterbox{Phones: p, Hostname: "mx.example.org"},
		// The server in memory forgets to tell of mail that came just before IDLE.
		Poll: 20 * time.Millisecond, Renew: 100 * time.Millisecond, Retry: smsengine.Retry{First: 10 * time.Millisecond, Max: 20 * time.Millisecond},
		Log: slog.New(slog.NewTextHandler(h.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { New(o).Run(ctx); close(over) }()
	h.t.Cleanup(func() { cancel(); <-over })
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// deliver puts a mail into the mailbox.
func (h *hoster) deliver(mail string) {
	h.t.Helper()
	mail = strings.ReplaceAll(mail, "\n", "\r\n")
	if _, err := h.user.Append("INBOX", literal{strings.NewReader(mail)}, &imap.AppendOptions{}); err != nil {
		h.t.Fatal(err)
	}
}

// count gives the number of mails in a folder, without those that are deleted.
func (h *hoster) count(folder string) int {
	s := imapmemserver.NewUserSession(h.user)
	defer s.Close()
	if _, err := s.Select(folder, &imap.SelectOptions{ReadOnly: true}); err != nil {
		return 0
	}
	found, err := s.Search(imapserver.NumKindUID, &imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}, &imap.SearchOptions{ReturnCount: true})
	if err != nil {
		h.t.Fatal(err)
	}
	return int(found.Count)
}

// until waits for the folders to hold so many mails.
func (h *hoster) until(inbox, done, refused int) {
	h.t.Helper()
	want := [3]int{inbox, done, refused}
	var got [3]int
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if got = [3]int{h.count("INBOX"), h.count("Done"), h.count("Refused")}; got == want {
			return
		}
	}
	h.t.Fatalf("INBOX, Done and Refused hold %v mails, want %v", got, want)
}

func mail(id, to string, more ...string) string {
	return "Return-Path: <john@example.org>\n" + strings.Join(more, "") +
		"From: John <john@example.org>\nTo: " + to + "\nMessage-ID: <" + id + "@example.org>\nSubject: s\n\nMeet me at " + id + "\n"
}

const (
	alice = "+15551234567@sms.example.org"
	bob   = "+15557654321@sms.example.org"
	pass  = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\n"
)

func TestWatch(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string][]imap.Cap{
		"as most servers":      {imap.CapIdle, imap.CapMove, imap.CapUIDPlus},
		"without IDLE":         {imap.CapMove, imap.CapUIDPlus},
		"without MOVE":         {imap.CapIdle, imap.CapUIDPlus},
		"with nothing":         {},
		"of the newer release": {imap.CapIMAP4rev2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHoster(t, caps...)
			h.deliver(mail("1", "Alice <"+alice+">", pass))
			h.watch(nil)
			h.until(0, 1, 0)
			h.deliver(mail("2", alice+", office@example.org, "+bob))
			h.deliver(mail("3", "office@example.org"))
			h.until(1, 2, 0)
			want := []text{
				{alice, "Meet me at 1", "1@example.org", "Alice", smsengine.MethodDMARC, "john@example.org", "john@example.org"},
				{alice, "Meet me at 2", "2@example.org", "", "", "", "john@example.org"},
				{bob, "Meet me at 2", "2@example.org", "", "", "", "john@example.org"},
			}
			if got := h.desk.got(); !slices.Equal(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if said := h.tap.Said(tap.Client); strings.Contains(said, "BODY[") {
				t.Errorf("a mail was marked as read:\n%s", said)
			}
		})
	}
}

// TestWatchOnce cuts the connection at each step of taking a mail.
func TestWatchOnce(t *testing.T) {
	t.Parallel()
	type cutting = func(*tap.Tap) <-chan struct{}
	before := func(side tap.Side, word string) cutting {
		return func(p *tap.Tap) <-chan struct{} { return p.CutBefore(side, word) }
	}
	for name, cut := range map[string]cutting{
		"greeting":            before(tap.Server, "* OK"),
		"login":               before(tap.Client, "AUTHENTICATE"),
		"select":              before(tap.Client, " SELECT "),
		"select's answer":     before(tap.Server, "UIDVALIDITY"),
		"search":              before(tap.Client, " SEARCH "),
		"search's answer":     before(tap.Server, "* SEARCH"),
		"header":              before(tap.Client, "BODY.PEEK[HEADER]"),
		"header, half of it":  before(tap.Server, "Message-ID"),
		"body":                before(tap.Client, "BODY.PEEK[]"),
		"body, half of it":    before(tap.Server, "third line"),
		"body, before its OK": before(tap.Server, "the last line"),
		"move":                before(tap.Client, " MOVE "),
		"move's answer":       before(tap.Server, "COPYUID"),
		"a folder to be made": before(tap.Client, " CREATE "),
		"idle":                before(tap.Client, " IDLE"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHoster(t, imap.CapIdle, imap.CapMove, imap.CapUIDPlus)
			h.deliver(mail("1", alice, pass) + "third line\n" + strings.Repeat("more and more text\n", 2500) + "the last line\n")
			happened := cut(h.tap)
			h.watch(nil)
			h.until(0, 1, 0)
			select {
			case <-happened:
			case <-time.After(20 * time.Second):
				t.Fatal("the connection was not cut")
			}
			if got := h.desk.got(); len(got) != 1 || !strings.HasSuffix(got[0].words, "the last line") {
				t.Errorf("%d texts, want one, whole", len(got))
			}
			h.deliver(mail("2", alice))
			h.until(0, 2, 0)
		})
	}
}

func TestWatchAnswers(t *testing.T) {
	t.Parallel()
	h := newHoster(t, imap.CapIdle, imap.CapMove, imap.CapUIDPlus)
	full := smsengine.Fail("test", smsengine.Permanent, "5.2.2", "no more", nil)
	busy := smsengine.Fail("test", smsengine.Temporary, "4.3.0", "not now", errors.New("disk"))
	h.desk.set(alice, full)
	h.desk.set(bob, busy)
	h.watch(nil)
	h.deliver(mail("refused", alice))
	h.until(0, 0, 1)
	h.deliver(mail("waits", bob+", "+alice))
	h.deliver(mail("later", "+15550000000@sms.example.org"))
	h.until(1, 1, 1)
	h.desk.set(bob, nil)
	h.until(0, 1, 2)
	if n := len(h.desk.got()); n != 2 {
		t.Errorf("%d texts, want Bob's and the other one", n)
	}
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range maxRecipients + 1 {
		many = append(many, fmt.Sprintf("+1555123%04d@sms.example.org", i))
	}
	for code, c := range map[string]struct {
		mail  string
		later time.Duration
	}{
		"5.3.4": {mail("large", alice, pass) + strings.Repeat("more text\n", 20000), 0},
		"5.4.7": {mail("old", alice, pass), 90 * time.Minute},
		"5.5.3": {mail("many", strings.Join(many, ",\n "), pass), 0},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			h := newHoster(t, imap.CapIdle, imap.CapMove, imap.CapUIDPlus)
			h.deliver(c.mail)
			h.watch(func(o *Options) {
				o.MaxSize, o.Expiry = 100_000, time.Hour
				o.Now = func() time.Time { return time.Now().Add(c.later) }
			})
			h.until(0, 0, 1)
			if said := h.tap.Said(tap.Client); strings.Contains(said, "BODY.PEEK[]") {
				t.Error("a mail was fetched that is not wanted")
			}
			h.desk.mu.Lock()
			defer h.desk.mu.Unlock()
			if len(h.desk.refused) != 1 || h.desk.refused[0].Refusal.Code != code || h.desk.refused[0].Source.Identity.User != "john@example.org" {
				t.Errorf("refused: %+v, want %s, for John to be told", h.desk.refused, code)
			}
		})
	}
}

// TestWatchLeaves: mail for no phone is looked at once, also by the next Watcher.
func TestWatchLeaves(t *testing.T) {
	t.Parallel()
	h := newHoster(t, imap.CapMove, imap.CapUIDPlus)
	for i := range 30 {
		h.deliver(mail(fmt.Sprint("m", i), "office@example.org"))
	}
	h.watch(nil)
	h.deliver(mail("1", alice))
	h.until(30, 1, 0)
	first := strings.Count(h.tap.Said(tap.Server), "office@example.org")
	if first != 30 {
		t.Errorf("%d headers were fetched, want 30", first)
	}
	h.watch(nil)
	h.deliver(mail("2", alice))
	h.until(30, 2, 0)
	if again := strings.Count(h.tap.Said(tap.Server), "office@example.org") - first; again != 0 {
		t.Errorf("%d headers were fetched again", again)
	}
}

// TestWatchGoesOn: a mail that cannot be moved keeps no other one waiting, and
// makes one text.
func TestWatchGoesOn(t *testing.T) {
	t.Parallel()
	h := newHoster(t, imap.CapMove, imap.CapUIDPlus, movesNotAll)
	h.deliver(mail("1", alice))
	h.deliver(mail("2", alice))
	h.watch(nil)
	h.until(1, 1, 0)
	h.deliver(mail("3", alice))
	h.until(1, 2, 0)
	if got := h.desk.got(); len(got) != 3 {
		t.Errorf("%d texts, want 3", len(got))
	}
}

// TestWatchHistory: what was in the folder long before becomes no text, and
// nobody gets a report on it.
func TestWatchHistory(t *testing.T) {
	t.Parallel()
	h := newHoster(t, imap.CapMove, imap.CapUIDPlus)
	h.deliver(mail("1", alice, pass))
	h.watch(func(o *Options) { o.Now = func() time.Time { return time.Now().Add(100 * 24 * time.Hour) } })
	h.until(0, 0, 1)
	if h.desk.mu.Lock(); h.desk.asked != 0 {
		t.Error("the Desk was asked")
	}
	h.desk.mu.Unlock()
}

func TestWatchBounces(t *testing.T) {
	t.Parallel()
	ours := smsengine.NewMessageID(time.Now())
	h := newHoster(t, imap.CapIdle, imap.CapMove, imap.CapUIDPlus)
	h.deliver("Return-Path: <>\nFrom: MAILER-DAEMON@example.org\nTo: " + alice + "\nSubject: failure\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nwords\n--b\nContent-Type: message/delivery-status\n\n" +
		"Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; mary@example.org\nAction: failed\nStatus: 5.1.1\n\n--b\n" +
		"Content-Type: text/rfc822-headers\n\nMessage-ID: <" + string(ours) + "@mx.example.org>\n\n--b--\n")
	h.deliver("Return-Path: <>\nFrom: stranger@example.net\nTo: office@example.org\nSubject: a receipt\n\nread\n")
	h.watch(nil)
	h.until(1, 1, 0)
	h.desk.mu.Lock()
	defer h.desk.mu.Unlock()
	if len(h.desk.bounces) != 1 || h.desk.bounces[0].Message != ours || h.desk.asked != 0 {
		t.Errorf("bounces %+v, %d submissions", h.desk.bounces, h.desk.asked)
	}
}

// TestWatchAnew deletes the folder and makes it again, with mails whose numbers
// were known.
func TestWatchAnew(t *testing.T) {
	t.Parallel()
	h := newHoster(t, imap.CapMove, imap.CapUIDPlus)
	h.deliver(mail("1", "office@example.org"))
	h.watch(nil)
	h.deliver(mail("2", alice))
	h.until(1, 1, 0)
	if err := errors.Join(h.user.Delete("INBOX"), h.user.Create("INBOX", nil)); err != nil {
		t.Fatal(err)
	}
	h.deliver(mail("3", alice)) // has the number of the first one
	h.tap.CutAll()
	h.until(0, 2, 0)
}

// TestWatchEnds: a Watcher ends at once when it has nothing to do.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string][]imap.Cap{"idle": {imap.CapIdle}, "poll": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHoster(t, caps...)
			h.watch(func(o *Options) { o.Poll = time.Hour })
			h.deliver(mail("1", "office@example.org"))
			for end := time.Now().Add(10 * time.Second); !strings.Contains(h.tap.Said(tap.Server), "office@example.org") && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
		}) // the end of the test waits for Run to return
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	h := newHoster(t, imap.CapIdle, imap.CapMove)
	h.deliver(mail("1", alice))
	o := Options{
		ID: "hosted", User: login, Password: phone.NewSecret(password),
		Server: mailbox.Server{Address: h.tap.Address, Security: mailbox.Plain},
	}
	if f, err := New(o).Look(t.Context()); err != nil || f != (Findings{Mails: 1, Idle: true, Move: true}) {
		t.Errorf("%+v, %v", f, err)
	}
	o.Folder = "Texts"
	if f, err := New(o).Look(t.Context()); err != nil || f != (Findings{Missing: true}) {
		t.Errorf("%+v, %v", f, err)
	}
	o.Password = phone.NewSecret("wrong-secret")
	if _, err := New(o).Look(t.Context()); !mailbox.LoginRefused(err) || strings.Contains(err.Error(), "wrong-secret") {
		t.Error(err)
	}
}
