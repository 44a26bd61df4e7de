package courier

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// mta is a mail server in the test's hands: it keeps what it took, and answers
// a command with what the test put into its table.
type mta struct {
	mu       sync.Mutex
	answers  map[string]*smtp.SMTPError // "mail", "rcpt", "data"
	taken    []mailbridge.Letter
	sessions int
}

func (m *mta) NewSession(*smtp.Conn) (smtp.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions++
	return &mtaSession{mta: m}, nil
}

func (m *mta) answer(command string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.answers[command]; err != nil {
		return err
	}
	return nil
}

// set makes the server answer a command with the given reply; code 0: gladly.
func (m *mta) set(command string, code int, enhanced smtp.EnhancedCode, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers = map[string]*smtp.SMTPError{}
	if code != 0 {
		m.answers[command] = &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
	}
}

func (m *mta) count() (taken, sessions int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.taken), m.sessions
}

type mtaSession struct {
	*mta
	letter mailbridge.Letter
}

func (s *mtaSession) Mail(from string, _ *smtp.MailOptions) error {
	s.letter = mailbridge.Letter{From: from}
	return s.answer("mail")
}

func (s *mtaSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.To = to
	return s.answer("rcpt")
}

func (s *mtaSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.answer("data"); err != nil {
		return err
	}
	s.letter.Data = data
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, s.letter)
	return nil
}

func (s *mtaSession) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	status.SetStatus(s.letter.To, s.Data(r))
	return nil
}

func (s *mtaSession) Reset()        {}
func (s *mtaSession) Logout() error { return nil }

// startMTA serves on a unix socket and gives its Address for Options.
func startMTA(t *testing.T, lmtp bool) (*mta, string, *smtp.Server) {
	t.Helper()
	m := &mta{}
	server := smtp.NewServer(m)
	server.Domain, server.LMTP, server.EnableSMTPUTF8 = "mx.example.org", lmtp, false
	path := filepath.Join(t.TempDir(), "mta")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	protocol := "smtp"
	if lmtp {
		protocol = "lmtp"
	}
	return m, protocol + ":unix:" + path, server
}

func newTestSender(t *testing.T, address string) *Sender {
	t.Helper()
	s, err := NewSender(Options{Address: address, Style: testStyle, Timeout: 10 * time.Second, Final: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSend(t *testing.T) {
	for _, lmtp := range []bool{false, true} {
		t.Run(fmt.Sprintf("lmtp=%v", lmtp), func(t *testing.T) {
			server, address, _ := startMTA(t, lmtp)
			s := newTestSender(t, address)
			for range 3 {
				taking, err := s.Send(t.Context(), incomingDelivery())
				if err != nil || !taking.Delivered || !taking.Whole {
					t.Fatalf("got %+v, %v", taking, err)
				}
			}
			if _, err := s.Send(t.Context(), note()); err != nil {
				t.Fatal(err)
			}
			taken, sessions := server.count()
			if taken != 4 || sessions != 1 {
				t.Errorf("%d mails over %d connections, want 4 over 1", taken, sessions)
			}
			first, report := server.taken[0], server.taken[3]
			want, _ := s.Compose(incomingDelivery())
			if first.From != "+15555550123@sms.example.org" || first.To != "john@example.org" || string(first.Data) != string(want.Data) {
				t.Errorf("the server got\n%s to %s\n%s", first.From, first.To, first.Data)
			}
			if report.From != "" {
				t.Errorf("the report's envelope sender is %q", report.From)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	server, address, _ := startMTA(t, false)
	s := newTestSender(t, address)
	for _, test := range []struct {
		command string
		code    int
		ext     smtp.EnhancedCode
		class   smsengine.Class
		status  string
	}{
		{"rcpt", 550, smtp.EnhancedCode{5, 1, 1}, smsengine.Permanent, "5.1.1"},
		{"rcpt", 452, smtp.EnhancedCode{4, 2, 2}, smsengine.Temporary, "4.2.2"},
		{"mail", 451, smtp.EnhancedCode{4, 3, 0}, smsengine.Temporary, "4.3.0"},
		{"mail", 530, smtp.EnhancedCode{5, 7, 0}, smsengine.Temporary, "4.0.0"},
		{"mail", 550, smtp.NoEnhancedCode, smsengine.Permanent, "5.0.0"},
		{"data", 554, smtp.EnhancedCode{5, 6, 0}, smsengine.Permanent, "5.6.0"},
		{"data", 450, smtp.EnhancedCode{4, 3, 1}, smsengine.Temporary, "4.3.1"},
	} {
		server.set(test.command, test.code, test.ext, "not\ttoday")
		_, err := s.Send(t.Context(), incomingDelivery())
		status := smsengine.StatusOf(err)
		if status.Class != test.class || status.Code != test.status || !strings.Contains(status.Text, fmt.Sprint(test.code, " not today")) {
			t.Errorf("%s %d: got %+v", test.command, test.code, status)
		}
	}
	server.set("", 0, smtp.EnhancedCode{}, "")
	if _, err := s.Send(t.Context(), incomingDelivery()); err != nil {
		t.Errorf("after the refusals: %v", err)
	}
	if taken, sessions := server.count(); taken != 1 || sessions != 1 {
		t.Errorf("%d mails over %d connections, want 1 over 1", taken, sessions)
	}
}

func TestAddressNeedsSMTPUTF8(t *testing.T) {
	_, address, server := startMTA(t, false)
	s := newTestSender(t, address)
	d := incomingDelivery()
	d.Message.To = smsengine.Mailbox("jürgen@example.org")
	_, err := s.Send(t.Context(), d)
	if status := smsengine.StatusOf(err); status.Class != smsengine.Permanent || status.Code != "5.6.7" {
		t.Errorf("without SMTPUTF8: %+v", status)
	}
	server.EnableSMTPUTF8 = true
	if _, err = newTestSender(t, address).Send(t.Context(), d); err != nil {
		t.Errorf("with SMTPUTF8: %v", err)
	}
}

func TestServerAway(t *testing.T) {
	s := newTestSender(t, "smtp:unix:"+filepath.Join(t.TempDir(), "nobody"))
	_, err := s.Send(t.Context(), incomingDelivery())
	if status := smsengine.StatusOf(err); status.Class != smsengine.Temporary || status.Code != "4.4.1" {
		t.Errorf("got %+v", status)
	}
}

func TestRestartBetweenMails(t *testing.T) {
	_, address, server := startMTA(t, false)
	s := newTestSender(t, address)
	if _, err := s.Send(t.Context(), incomingDelivery()); err != nil {
		t.Fatal(err)
	}
	server.Close() // takes the socket and all connections along
	path := strings.TrimPrefix(address, "smtp:unix:")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	again := &mta{}
	next := smtp.NewServer(again)
	go next.Serve(l)
	t.Cleanup(func() { next.Close() })
	if _, err := s.Send(t.Context(), incomingDelivery()); err != nil {
		t.Errorf("over a connection that was dead: %v", err)
	}
	if taken, _ := again.count(); taken != 1 {
		t.Errorf("the new server took %d mails", taken)
	}
}

// dialogue serves one connection from a script: a line that begins with "S:" is
// sent, "C:" waits for a line with that beginning, "C.": for the final dot,
// "hang" waits until the client leaves. At the end the connection is closed.
func dialogue(t *testing.T, script ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mta")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- play(l, script) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-done; err != nil {
			t.Errorf("dialogue: %v", err)
		}
	})
	return "smtp:unix:" + path
}

func play(l net.Listener, script []string) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for _, line := range script {
		switch verb, rest, _ := strings.Cut(line, " "); verb {
		case "S:":
			if _, err := io.WriteString(conn, rest+"\r\n"); err != nil {
				return err
			}
		case "C:":
			got, err := r.ReadString('\n')
			if err != nil || !strings.HasPrefix(got, rest) {
				return fmt.Errorf("got %q, %v; want %q", got, err, rest)
			}
		case "C.":
			for got := ""; got != ".\r\n"; {
				if got, err = r.ReadString('\n'); err != nil {
					return err
				}
			}
		case "half-close":
			return conn.(*net.UnixConn).CloseWrite()
		case "hang":
			_, _ = io.Copy(io.Discard, r)
		}
	}
	return nil
}

func TestBrokenServers(t *testing.T) {
	greeting := []string{"S: 220 mx", "C: EHLO mx.example.org", "S: 250 mx"}
	envelope := append(greeting[:3:3], "C: MAIL", "S: 250 ok", "C: RCPT", "S: 250 ok", "C: DATA")
	body := append(envelope[:len(envelope):len(envelope)], "S: 354 go on", "C.")
	for _, test := range []struct {
		name   string
		script []string
		class  smsengine.Class
		code   string
	}{
		{"says nothing", []string{}, smsengine.Temporary, "4.4.2"},
		{"no service", []string{"S: 554 5.3.2 no service"}, smsengine.Temporary, "4.0.0"},
		{"busy", []string{"S: 421 4.7.0 busy"}, smsengine.Temporary, "4.7.0"},
		{"speaks HTTP", []string{"S: HTTP/1.1 400 Bad Request"}, smsengine.Temporary, "4.4.2"},
		{"drops after MAIL", append(greeting[:3:3], "C: MAIL"), smsengine.Temporary, "4.4.2"},
		{"drops after DATA", envelope, smsengine.Temporary, "4.4.2"},
		{"refuses DATA", append(envelope[:len(envelope):len(envelope)], "S: 451 4.3.0 later", "C: RSET"), smsengine.Temporary, "4.3.0"},
		{"drops after the dot", body, smsengine.Uncertain, "4.4.2"},
		{"half-closed after the dot", append(body[:len(body):len(body)], "half-close"), smsengine.Uncertain, "4.4.2"},
		{"talks nonsense after the dot", append(body[:len(body):len(body)], "S: 354 what?"), smsengine.Uncertain, "4.5.0"},
		{"hangs after the dot", append(body[:len(body):len(body)], "hang"), smsengine.Uncertain, "4.4.2"},
		{"hangs after MAIL", append(greeting[:3:3], "C: MAIL", "hang"), smsengine.Temporary, "4.4.2"},
		{"hangs at once", []string{"hang"}, smsengine.Temporary, "4.4.2"},
		{"takes it with 251", append(body[:len(body):len(body)], "S: 251 2.0.0 Ok: queued as 4XYZ"), smsengine.OK, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newTestSender(t, dialogue(t, test.script...))
			ctx := t.Context()
			if strings.HasPrefix(test.name, "hangs") { // long enough to get there, also on a slow machine
				short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
				defer cancel()
				ctx = short
			}
			taking, err := s.Send(ctx, incomingDelivery())
			if status := smsengine.StatusOf(err); status.Class != test.class || status.Code != test.code {
				t.Errorf("got %+v (%v)", status, err)
			}
			if err == nil && taking.Reference != "4XYZ" {
				t.Errorf("reference %q", taking.Reference)
			}
		})
	}
}

func TestSendInParallel(t *testing.T) {
	server, address, _ := startMTA(t, false)
	s := newTestSender(t, address)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			d := incomingDelivery()
			d.Message.ID = smsengine.MessageID(fmt.Sprint("m", i))
			if _, err := s.Send(t.Context(), d); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken, _ := server.count(); taken != 50 {
		t.Errorf("the server took %d mails", taken)
	}
	c := s.carrier.(*client)
	if n := len(c.pool.idle); n > c.pool.room {
		t.Errorf("%d idle connections, %d are allowed", n, c.pool.room)
	}
}

func TestSendOnlyMail(t *testing.T) {
	s := newTestSender(t, "smtp:127.0.0.1:1")
	d := incomingDelivery()
	d.Message.Kind = smsengine.Text
	toPhone := incomingDelivery()
	toPhone.Message.To = smsengine.Phone("+15555550123")
	injected := incomingDelivery()
	injected.Message.To = smsengine.Mailbox("john@example.org>\r\nDATA")
	for _, d := range []smsengine.Delivery{d, toPhone, injected} {
		_, err := s.Send(t.Context(), d)
		if e, ok := errors.AsType[*smsengine.Error](err); !ok || e.Class != smsengine.Permanent {
			t.Errorf("to %s: got %v", d.Message.To, err)
		}
	}
}

func TestParseTarget(t *testing.T) {
	for in, want := range map[string]target{
		"smtp:127.0.0.1:25":        {"smtp", "tcp", "127.0.0.1:25"},
		"smtp:[::1]:25":            {"smtp", "tcp", "[::1]:25"},
		"lmtp:unix:/run/lmtp":      {"lmtp", "unix", "/run/lmtp"},
		"maildir:/var/mail/texts/": {"maildir", "", "/var/mail/texts"},
	} {
		if got, err := parseTarget(in); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "smtp", "smtp:", "smtp:mx.example.org", "smtp:/run/x", "lmtp:unix:run", "maildir:", "imap:x:1", "smtp::25"} {
		if got, err := parseTarget(in); err == nil || !strings.Contains(err.Error(), "examples") {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
}
