package milter

import (
	"bufio"
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/transport/listen"
)

func startGuard(t *testing.T, o GuardOptions) (*Guard, net.Conn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy")
	l, err := listen.Open("unix:"+path, listen.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	o.Phones, o.Log = phones, quiet
	g := NewGuard(o)
	served := make(chan error)
	go func() { served <- g.Serve(l) }()
	t.Cleanup(func() {
		if err := g.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return g, c
}

// ask asks as Postfix does.
func ask(t *testing.T, c net.Conn, in *bufio.Reader, attributes ...string) string {
	t.Helper()
	io.WriteString(c, "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"+strings.Join(attributes, "\n")+"\n\n")
	answer, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if blank, err := in.ReadString('\n'); blank != "\n" {
		t.Fatalf("after the answer: %q, %v", blank, err)
	}
	return strings.TrimSpace(answer)
}

// Postfix may let a mail pass the milter; the guard holds its phone recipients
// until a mail that the milter sees.
func TestGuardWantsTheMilterToSeeTheMail(t *testing.T) {
	s, path := start(t, &desk{})
	_, c := startGuard(t, GuardOptions{Seen: s.Seen})
	in := bufio.NewReader(c)
	request := func(recipient, address, port string) string {
		return ask(t, c, in, "sender=john@example.org", "recipient="+recipient, "client_address="+address, "client_port="+port, "sasl_username=john")
	}
	want := func(want, got string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	const phone = "sms:+15555550101@example.org"
	want("action="+unseen, request(phone, "192.0.2.7", "4711"))
	want("action=DUNNO", request("mary@example.org", "192.0.2.7", "4711"))
	want("action=DUNNO", request(phone, "192.0.2.7", "")) // before Postfix 3.0

	m := connect(t, path)
	m.mail("john", "john@example.org")
	want("action=DUNNO", request(phone, "192.0.2.7", "4711"))
	want("action="+unseen, request(phone, "192.0.2.7", "4712"))
	m.rcpt(phone, "c")
	want("action=DUNNO", request(`"sms:+15555550102"@example.org`, "192.0.2.7", "4711"))
	m.header("c", "Subject: x")
	m.end()
	want("action="+unseen, request(phone, "192.0.2.7", "4711"))

	m.mail("john", "john@example.org")
	if err := m.Abort(); err != nil {
		t.Fatal(err)
	}
	m.mail("john", "john@example.org")
	want("action=DUNNO", request(phone, "192.0.2.7", "4711"))
	m.header("a", "Subject: x")
	want("action="+unseen, request(phone, "192.0.2.7", "4711"))

	// IPv6 has a tag in the macro and none in the attribute.
	m.mail("john", "john@example.org", macroAddress, "IPv6:2001:db8::7", macroPort, "4711")
	want("action=DUNNO", request(phone, "2001:db8::7", "4711"))
	want("action="+unseen, request(phone, "192.0.2.7", "4711"))
	m.mail("john", "john@example.org", macroAddress, "", macroPort, "") // an MTA that does not tell
	want("action=DUNNO", request(phone, "192.0.2.9", "4711"))
}

func TestGuardWithoutMilter(t *testing.T) {
	_, c := startGuard(t, GuardOptions{})
	if got := ask(t, c, bufio.NewReader(c), "recipient=+15555550101@sms.example.org", "client_address=192.0.2.7", "client_port=1"); got != "action=DUNNO" {
		t.Errorf("got %q", got)
	}
}

// No answer is 451: that is what a peer gets that makes no sense.
func TestGuardRefusesNonsense(t *testing.T) {
	for name, request := range map[string]string{
		"another request": "request=junk_mail_policy\n\n",
		"no request":      "recipient=a@b\n\n",
		"no attribute":    "request=smtpd_access_policy\nrecipient\n\n",
		"long line":       "request=smtpd_access_policy\nrecipient=" + strings.Repeat("x", 20000) + "\n\n",
		"many lines":      "request=smtpd_access_policy\n" + strings.Repeat("a=b\n", 1000) + "\n",
		"large":           "request=smtpd_access_policy\n" + strings.Repeat("a="+strings.Repeat("b", 4000)+"\n", 30) + "\n",
	} {
		_, c := startGuard(t, GuardOptions{})
		io.WriteString(c, request)
		c.(*net.UnixConn).CloseWrite()
		if got, _ := io.ReadAll(c); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// FuzzPolicy: whatever comes, a request is read or refused, and the answer is
// one action.
func FuzzPolicy(f *testing.F) {
	f.Add("request=smtpd_access_policy\nrecipient=sms:+15555550101@example.org\nclient_address=::1\nclient_port=25\n\n")
	f.Add("request=smtpd_access_policy\r\nrecipient=\"a=b\"@sms.example.org\r\n\r\n")
	f.Add("\n\n")
	f.Add("=\n=\n\nrequest=")
	g := NewGuard(GuardOptions{Phones: phones, Log: quiet, Seen: new(Presence)})
	f.Fuzz(func(t *testing.T, in string) {
		r := bufio.NewReaderSize(strings.NewReader(in), 1<<10)
		for {
			req, err := readRequest(r)
			if err != nil {
				return
			}
			if a := g.action(req); a != "DUNNO" && a != unseen {
				t.Fatalf("%+v: %q", req, a)
			}
		}
	})
}
