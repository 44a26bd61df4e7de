package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/control"
	"github.com/postel-mail/postel/transport/listen"
)

// desk accepts what it can and remembers the last submission.
type desk struct{ last smsengine.Submission }

func (*desk) Check(context.Context, *smsengine.Source, smsengine.Recipient, int) (smsengine.Verdict, error) {
	return smsengine.Verdict{Cost: 1}, nil
}

func (*desk) Bounced(context.Context, smsengine.Bounce) error { return nil }

func (d *desk) Submit(_ context.Context, s smsengine.Submission) []smsengine.Outcome {
	d.last = s
	out := make([]smsengine.Outcome, len(s.Recipients))
	for i, r := range s.Recipients {
		switch {
		case strings.Contains(r.Address, "bad"):
			out[i].Err = smsengine.Fail("normalise", smsengine.Permanent, "5.1.3", "that is no number", errors.New("secret cause"))
		case strings.Contains(r.Address, "drop"):
			out[i].Dropped = "a rule dropped it"
		default:
			out[i].ID = "0123"
		}
	}
	return out
}

// operator answers by the message's ID.
type operator struct{ asked []string }

func (o *operator) Request(_ context.Context, id smsengine.MessageID, kind smsengine.EventKind, by string) (smsengine.Message, error) {
	o.asked = append(o.asked, string(id)+" "+string(kind))
	switch {
	case by == "" || by == "unknown":
		return smsengine.Message{}, errors.New("nobody asks")
	case id == "gone":
		return smsengine.Message{}, smsengine.ErrNotFound
	case id == "sent":
		return smsengine.Message{}, smsengine.ErrTransition
	case id == "broken":
		return smsengine.Message{}, errors.New("disk on fire: secret")
	}
	return smsengine.Message{ID: id, State: smsengine.Cancelled, To: smsengine.Phone("+15555550123"), Parts: []smsengine.Part{{Text: "hello"}}}, nil
}

// network is a phone that gets a text when it is told.
type network struct {
	mu      sync.Mutex
	inbox   control.Inbox
	changed chan struct{}
	waits   chan struct{} // gets one when somebody begins to wait
}

func (n *network) Inbox(ctx context.Context, number string, texts int) (control.Inbox, error) {
	for {
		n.mu.Lock()
		in, changed := n.inbox, n.changed
		n.mu.Unlock()
		if in.Total >= texts {
			return in, nil
		}
		n.waits <- struct{}{}
		select {
		case <-changed:
		case <-ctx.Done():
			return in, ctx.Err()
		}
	}
}

func (n *network) Send(_ context.Context, from, to, text string) error {
	if to != "+15555550100" {
		return errors.New("no gateway has the number " + to)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.inbox.Total++
	n.inbox.Texts = append(n.inbox.Texts, control.Text{From: from, Text: text, Parts: 1})
	close(n.changed)
	n.changed = make(chan struct{})
	return nil
}

type service struct {
	*control.Client
	path     string
	server   *control.Server
	desk     *desk
	operator *operator
	network  *network
	ended    chan error
}

func serve(t *testing.T, change func(*control.Options)) *service {
	t.Helper()
	s := &service{
		path: filepath.Join(t.TempDir(), "control.sock"), desk: &desk{}, operator: &operator{},
		network: &network{changed: make(chan struct{}), waits: make(chan struct{}, 10)}, ended: make(chan error, 1),
	}
	o := control.Options{
		Desk: s.desk, Operator: s.operator, Network: s.network, Version: "1.2.3", Domain: "sms.example.org",
		Gateways: func(context.Context) map[string]smsengine.GatewayState {
			return map[string]smsengine.GatewayState{"office": {Health: smsengine.Health{Ready: true, Text: "registered"}}}
		},
		Counts: func(context.Context) (map[smsengine.Kind]map[smsengine.State]int, error) {
			return map[smsengine.Kind]map[smsengine.State]int{smsengine.Text: {smsengine.Ready: 3}}, nil
		},
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "postel_up 1\n") }),
		Log:     slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	l, err := listen.Open("unix:"+s.path, listen.Options{Mode: 0o600, Log: o.Log})
	if err != nil {
		t.Fatal(err)
	}
	s.server = control.NewServer(o)
	go func() { s.ended <- s.server.Serve(l) }()
	s.Client = control.NewClient(s.path)
	t.Cleanup(func() {
		s.Client.Close()
		_ = s.server.Shutdown(context.Background())
	})
	return s
}

func TestStatus(t *testing.T) {
	s := serve(t, nil)
	st, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Version != "1.2.3" || st.PID != os.Getpid() || time.Since(st.Started) > time.Hour {
		t.Errorf("status is %+v", st)
	}
	var page strings.Builder
	if err := s.Metrics(t.Context(), &page); err != nil || page.String() != "postel_up 1\n" {
		t.Errorf("metrics %q, %v", page.String(), err)
	}
	if st.Gateways["office"].Text != "registered" || st.Counts[smsengine.Text][smsengine.Ready] != 3 {
		t.Errorf("status is %+v", st)
	}
}

func TestSend(t *testing.T) {
	s := serve(t, nil)
	got, err := s.Send(t.Context(), control.SendRequest{
		From: "john@Example.org", To: []string{"+15555550123", "sms:+15555550124", "+15555550125@sms.example.net", "bad", "drop"},
		Text: "hello", MessageID: "1@example.org", Subject: "greeting",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []control.SendResult{
		{To: "+15555550123", ID: "0123"}, {To: "sms:+15555550124", ID: "0123"}, {To: "+15555550125@sms.example.net", ID: "0123"},
		{To: "bad", Refused: &smsengine.Status{Class: smsengine.Permanent, Code: "5.1.3", Text: "that is no number"}},
		{To: "drop", Dropped: "a rule dropped it"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("results are %+v", got)
	}
	sub := s.desk.last
	var addresses []string
	for _, r := range sub.Recipients {
		addresses = append(addresses, r.Address)
	}
	if a := strings.Join(addresses, " "); a != `"sms:+15555550123"@sms.example.org "sms:+15555550124"@sms.example.org +15555550125@sms.example.net "sms:bad"@sms.example.org "sms:drop"@sms.example.org` {
		t.Errorf("recipients are %s", a)
	}
	src := sub.Source
	if src.Identity.Method != smsengine.MethodLocal || src.Door != "control" || src.Sender != smsengine.Mailbox("john@example.org") ||
		src.MessageID != "1@example.org" || src.Subject != "greeting" || sub.Body.Text != "hello" {
		t.Errorf("submitted %+v", sub)
	}
}

func TestRequest(t *testing.T) {
	s := serve(t, nil)
	m, err := s.Request(t.Context(), "0123", smsengine.CancelReq)
	if err != nil || m.ID != "0123" || m.State != smsengine.Cancelled || m.To != smsengine.Phone("+15555550123") || m.Parts[0].Text != "hello" {
		t.Errorf("the message is %+v, %v", m, err)
	}
	for _, c := range []struct {
		id   smsengine.MessageID
		kind smsengine.EventKind
		is   error
		code string
		text string
	}{
		{"gone", smsengine.HoldReq, smsengine.ErrNotFound, "5.1.0", "no such message"},
		{"sent", smsengine.CancelReq, smsengine.ErrTransition, "5.5.1", "present state"},
		{"broken", smsengine.ResumeReq, nil, "4.3.0", "temporary failure"},
		{"0123", smsengine.Taken, nil, "5.5.4", "cancel, hold, resume or repeat"},
		{"../../send", smsengine.CancelReq, nil, "", ""}, // an ID, whatever it looks like
	} {
		_, err := s.Request(t.Context(), c.id, c.kind)
		if c.code == "" {
			if err != nil || s.operator.asked[len(s.operator.asked)-1] != string(c.id)+" cancel" {
				t.Errorf("%s: %v, asked %q", c.id, err, s.operator.asked)
			}
			continue
		}
		if st := smsengine.StatusOf(err); st.Code != c.code || !strings.Contains(st.Text, c.text) {
			t.Errorf("%s %s: %+v", c.kind, c.id, st)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s %s: %v is not %v", c.kind, c.id, err, c.is)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s %s: %v tells what only the log may know", c.kind, c.id, err)
		}
	}
}

func TestSim(t *testing.T) {
	s := serve(t, nil)
	type answer struct {
		in  control.Inbox
		err error
	}
	waited := make(chan answer)
	go func() {
		in, err := s.SimWait(context.Background(), "+15555550123", 1)
		waited <- answer{in, err}
	}()
	<-s.network.waits
	if err := s.SimSend(t.Context(), "+15555550123", "+15555550100", "höhö & <more>"); err != nil {
		t.Fatal(err)
	}
	a := <-waited
	if a.err != nil || a.in.Total != 1 || a.in.Texts[0].Text != "höhö & <more>" || a.in.Texts[0].From != "+15555550123" {
		t.Errorf("waiting gave %+v, %v", a.in, a.err)
	}
	in, err := s.SimInbox(t.Context(), "+15555550123")
	if err != nil || !reflect.DeepEqual(in, a.in) {
		t.Errorf("the inbox is %+v, %v", in, err)
	}
	if err := s.SimSend(t.Context(), "+15555550123", "+1", "lost"); err == nil || !strings.Contains(err.Error(), "no gateway has the number +1") {
		t.Errorf("to nobody: %v", err)
	}
}

func TestWithoutSimulatedNetwork(t *testing.T) {
	s := serve(t, func(o *control.Options) { o.Network = nil })
	_, err := s.SimInbox(t.Context(), "+15555550123")
	if err == nil || !strings.Contains(err.Error(), `no gateway of type "sim"`) {
		t.Errorf("inbox: %v", err)
	}
	if err := s.SimSend(t.Context(), "+15555550123", "+15555550100", "hello"); err == nil || !strings.Contains(err.Error(), `no gateway of type "sim"`) {
		t.Errorf("send: %v", err)
	}
}

func TestNotRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	want := "postel is not running: nothing listens on " + path + "; start it with postel serve"
	if _, err := control.NewClient(path).Status(t.Context()); !errors.Is(err, control.ErrNotRunning) || err.Error() != want {
		t.Errorf("no socket: %v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := control.NewClient(path).Status(t.Context()); !errors.Is(err, control.ErrNotRunning) || err.Error() != want {
		t.Errorf("dead socket: %v", err)
	}
}

func TestSocketIsTheOwnersAlone(t *testing.T) {
	s := serve(t, nil)
	info, err := os.Stat(s.path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("the socket is %v, %v", info.Mode(), err)
	}
}

// A command that waits must not hold up the end of the service.
func TestShutdownEndsWaiting(t *testing.T) {
	s := serve(t, nil)
	waited := make(chan error)
	go func() {
		_, err := s.SimWait(context.Background(), "+15555550123", 1)
		waited <- err
	}()
	<-s.network.waits
	if err := s.server.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-waited; err == nil {
		t.Error("it waited for a text and got none, without an error")
	}
	if err := <-s.ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := s.Status(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

// raw sends what no Client would.
func raw(t *testing.T, s *service, method, path, body string) (status int, answer string) {
	t.Helper()
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", s.path)
	}}}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://postel"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s %s: answer is %s", method, path, kind)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil || !json.Valid(data) {
		t.Errorf("%s %s: %v, answer is %q", method, path, err, data)
	}
	return resp.StatusCode, string(data)
}

func TestWrongRequests(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/", "", "does not know GET /"},
		{"GET", "/send", "", "does not know GET /send"},
		{"POST", "/send", "", "cannot be read"},
		{"POST", "/send", `{"to":["+15555550123"],"text":"x","priority":9}`, "priority"},
		{"POST", "/send", `{"to":[],"text":"x"}`, "needs a recipient"},
		{"POST", "/send", `{"to":["+15555550123"],"text":"  "}`, "no text"},
		{"POST", "/send", `{"text":"` + strings.Repeat("x", 2<<20) + `"}`, "too large"},
		{"GET", "/sim/inbox", "", "which phone"},
		{"GET", "/sim/inbox?number=1&texts=many", "", "not a number"},
		{"POST", "/sim/send", `[]`, "cannot be read"},
	} {
		status, answer := raw(t, s, c.method, c.path, c.body)
		if status != http.StatusUnprocessableEntity || !strings.Contains(answer, c.want) {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, answer)
		}
	}
}

func TestStrangerOnTheSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { _ = http.Serve(l, http.NotFoundHandler()) }()
	_, err = control.NewClient(path).Status(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is not postel") {
		t.Errorf("another server answers: %v", err)
	}
}
