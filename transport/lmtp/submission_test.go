package lmtp

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	netsmtp "net/smtp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/smsengine"
)

// users are name and password. "slow" has had too many attempts.
type users map[string]string

func (u users) Authenticate(_ context.Context, user, password string, peer netip.Addr) (smsengine.Identity, error) {
	switch {
	case !peer.IsLoopback():
		return smsengine.Identity{}, errors.New("the peer is not told")
	case user == "slow":
		return smsengine.Identity{}, smsengine.Fail("account", smsengine.Temporary, "4.7.1", "too many wrong passwords, wait a minute", nil)
	case u[user] == "" || u[user] != password:
		return smsengine.Identity{}, smsengine.Fail("account", smsengine.Permanent, "5.7.8", "wrong for "+user, nil)
	}
	return smsengine.Identity{User: user}, nil
}

var everybody = users{"john@example.org": "hunter2", "mary@example.org": "sesame"}

// pair is a certificate for localhost and who vouches for it.
var pair = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	leaf, _ := x509.ParseCertificate(der)
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
})

func ourTLS() *tls.Config {
	c, _ := pair()
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
}

func theirTLS() *tls.Config {
	_, pool := pair()
	return &tls.Config{RootCAs: pool, ServerName: "localhost"}
}

// submission makes a server one for people.
func submission(o *Options) {
	o.SMTP, o.Submission = true, Submission{TLS: ourTLS(), Authenticator: everybody}
}

// secure goes on inside of TLS.
func (c *client) secure() {
	c.Helper()
	conn := tls.Client(c.Conn, theirTLS())
	if err := conn.Handshake(); err != nil {
		c.Fatal(err)
	}
	c.Conn, c.in = conn, bufio.NewReader(conn)
}

// enter is a session up to and with EHLO inside of TLS.
func enter(c *client) *client {
	c.Helper()
	c.talk(`
		< 220 mx.example.org ESMTP
		> EHLO pc.example.org
		< 250
		> STARTTLS
		< 220 2.0.0
	`)
	c.secure()
	c.talk("> EHLO pc.example.org\n< 250")
	return c
}

func plain(user, password string) string {
	return "AUTH PLAIN " + b64("\x00"+user+"\x00"+password)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

const aMail = "Message-ID: <1@example.org>\r\nSubject: late\r\n\r\nI am late\r\n"

// Clients that others wrote, with both ways to TLS and both mechanisms.
func TestSubmit(t *testing.T) {
	for name, tt := range map[string]struct {
		implicit bool
		auth     sasl.Client
	}{
		"STARTTLS, PLAIN": {false, sasl.NewPlainClient("", "john@example.org", "hunter2")},
		"STARTTLS, LOGIN": {false, sasl.NewLoginClient("john@example.org", "hunter2")},
		"TLS, PLAIN":      {true, sasl.NewPlainClient("john@example.org", "john@example.org", "hunter2")},
		"TLS, LOGIN":      {true, sasl.NewLoginClient("john@example.org", "hunter2")},
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{}
			at := start(t, d, func(o *Options) {
				submission(o)
				o.Implicit = tt.implicit
			}).RemoteAddr().String()
			dial := smtp.DialStartTLS
			if tt.implicit {
				dial = smtp.DialTLS
			}
			c, err := dial(at, theirTLS())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Auth(tt.auth); err != nil {
				t.Fatal(err)
			}
			if err := c.SendMail("john@example.org", []string{"+15551234567@sms.example.org"}, strings.NewReader(aMail)); err != nil {
				t.Fatal(err)
			}
			want := smsengine.Identity{Method: smsengine.MethodAuth, User: "john@example.org", Peer: "127.0.0.1", Secure: true}
			if got := d.mail(t); got.Source.Identity != want || got.Source.Door != "submission" || text(got) != "I am late" {
				t.Errorf("submitted %+v", got)
			}
			if len(d.checks) != 1 {
				t.Error("not asked at RCPT")
			}
			if err := c.Quit(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("net/smtp", func(t *testing.T) {
		d := &desk{}
		at := start(t, d, submission).RemoteAddr().String()
		c, err := netsmtp.Dial(at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.StartTLS(theirTLS()); err != nil {
			t.Fatal(err)
		}
		if err := c.Auth(netsmtp.PlainAuth("", "john@example.org", "hunter2", "127.0.0.1")); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Mail("john@example.org"), c.Rcpt("+15551234567@sms.example.org")); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, aMail)
		if err := errors.Join(w.Close(), c.Quit()); err != nil {
			t.Fatal(err)
		}
		d.mail(t)
	})
}

// Before TLS there is no AUTH, before AUTH no MAIL, and after each the session
// says so.
func TestOrderOfSubmission(t *testing.T) {
	d := &desk{}
	c := start(t, d, submission)
	c.talk(`
		< 220
		> EHLO pc.example.org
		< 250
		> ` + plain("john@example.org", "hunter2") + `
		< 538 5.7.11
		> MAIL FROM:<john@example.org>
		< 530 5.7.0 say STARTTLS
		> RCPT TO:<+15551234567@sms.example.org>
		< 502
		> STARTTLS
		< 220 2.0.0
	`)
	if heard := c.heard.String(); strings.Contains(heard, "AUTH") || !strings.Contains(heard, "250-STARTTLS\r\n") {
		t.Errorf("before TLS EHLO says\n%s", heard)
	}
	c.heard.Reset()
	c.secure()
	c.talk(`
		> MAIL FROM:<john@example.org>
		< 503 5.5.1 say EHLO again
		> NOOP
		< 250
		> EHLO pc.example.org
		< 250
		> MAIL FROM:<john@example.org>
		< 530 5.7.0 log in
		> STARTTLS
		< 502
		> AUTH SCRAM-SHA-256
		< 504 5.7.4
		> AUTH PLAIN
		< 334
		> *
		< 501
		> AUTH LOGIN
		< 334 VXNlcm5hbWU6
		> ` + b64("john@example.org") + `
		< 334 UGFzc3dvcmQ6
		> ` + b64("hunter2") + `
		< 235 2.0.0
		> ` + plain("john@example.org", "hunter2") + `
		< 503
		> MAIL FROM:<john@example.org>
		< 250
		> RCPT TO:<mary@example.org>
		< 550 5.7.1 this server relays to phones only
		> RCPT TO:<+15551234567@sms.example.org>
		< 250
		> RSET
		< 250
	`)
	if heard := c.heard.String(); strings.Contains(heard, "STARTTLS\r\n") || !strings.Contains(heard, "250-AUTH PLAIN LOGIN\r\n") {
		t.Errorf("inside of TLS EHLO says\n%s", heard)
	}
}

// What stands behind STARTTLS in the same packet may be of somebody on the way
// (CVE-2011-0411): nothing of it is taken.
func TestInjectionBeforeTLS(t *testing.T) {
	c := start(t, &desk{}, submission)
	c.talk("< 220\n> EHLO pc\n< 250")
	c.send("STARTTLS\r\nEHLO evil\r\n")
	if got := c.reply(); !strings.HasPrefix(got, "220") {
		t.Fatal(got)
	}
	if err := tls.Client(c.Conn, theirTLS()).Handshake(); err == nil {
		t.Error("what was injected is inside of TLS now")
	}
}

// A response of an AUTH exchange may read like a command.
func TestResponsesThatLookLikeCommands(t *testing.T) {
	for _, word := range []string{"DATA", "BDAT", "MAIL", "RCPT", "QUIT", "STARTTLS"} {
		c := enter(start(t, &desk{}, submission))
		c.talk(`
			> AUTH LOGIN
			< 334
			> ` + word + `
			< 334
			> QUIT
			< 535 5.7.8
			> NOOP
			< 250
		`)
	}
	start(t, &desk{}, func(o *Options) {
		submission(o)
		o.PlainAuth = true
	}).talk("< 220\n> EHLO pc\n< 250\n> AUTH LOGIN\n< 334\n> STARTTLS\n< 334\n> *\n< 501\n> STARTTLS\n< 220")
}

func TestWrongPasswords(t *testing.T) {
	var log lockedBuffer
	c := enter(start(t, &desk{}, func(o *Options) {
		submission(o)
		o.MaxFailures = 4
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	}))
	c.heard.Reset()
	c.talk(`
		> ` + plain("john@example.org", "guess-1") + `
		< 535 5.7.8 user name or password is wrong
		> ` + plain("nobody", "guess-1") + `
		< 535 5.7.8 user name or password is wrong
		> ` + plain("slow", "guess-1") + `
		< 454 4.7.1 too many wrong passwords
		> AUTH PLAIN ` + b64("mary@example.org\x00john@example.org\x00hunter2") + `
		< 535 5.7.8
		> ` + plain("john@example.org", "hunter2") + `
		< 421 4.7.0
	`)
	if _, err := c.in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after 421: %v", err)
	}
	for _, secret := range []string{"guess-1", "hunter2", b64("\x00john@example.org\x00guess-1")} {
		if strings.Contains(log.String(), secret) || strings.Contains(c.heard.String(), secret) {
			t.Errorf("%q is in the log or in a reply:\n%s\n%s", secret, log.String(), c.heard.String())
		}
	}
	if strings.Contains(log.String(), "nobody") {
		t.Errorf("a name that may be a password is in the log:\n%s", log.String())
	}
}

// lockedBuffer is what a log is written to.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestPlainAuthOnThisMachine(t *testing.T) {
	d := &desk{}
	start(t, d, func(o *Options) {
		submission(o)
		o.TLS, o.PlainAuth = nil, true
	}).talk(`
		< 220
		> EHLO pc.example.org
		< 250
		> STARTTLS
		< 502
		> ` + plain("john@example.org", "hunter2") + `
		< 235
		> MAIL FROM:<john@example.org>
		< 250
	`)
	s := &session{Server: &Server{Options: Options{Submission: Submission{PlainAuth: true, Authenticator: everybody}}}, conn: &lines{}}
	if s.mayLogIn() {
		t.Error("a password is taken in clear from the network")
	}
}

// Clients of named networks send without a password: who they are is their
// address.
func TestClientsWithoutPassword(t *testing.T) {
	d := &desk{}
	start(t, d, func(o *Options) {
		submission(o)
		o.Clients = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	}).talk(`
		< 220
		> EHLO monitor.example.org
		< 250
		> MAIL FROM:<monitor@example.org>
		< 250
		> RCPT TO:<+15551234567@sms.example.org>
		< 250
		> DATA
		< 354
		> ` + "\n>\n> Fire\n> .\n< 250")
	want := smsengine.Identity{Method: smsengine.MethodClient, Peer: "127.0.0.1"}
	if got := d.mail(t).Source.Identity; got != want {
		t.Errorf("identity is %+v, want %+v", got, want)
	}
}

func TestConnectionsPerClient(t *testing.T) {
	first := start(t, &desk{}, func(o *Options) {
		submission(o)
		o.MaxPerClient = 2
	})
	first.talk("< 220")
	second := connect(t, first.server, first.RemoteAddr())
	second.talk("< 220")
	connect(t, first.server, first.RemoteAddr()).talk("< 421 4.7.0 too many connections")
	second.talk("> QUIT\n< 221")
	io.Copy(io.Discard, second.in) // the server has closed it
	for range 100 {                // and soon forgotten it
		again := connect(t, first.server, first.RemoteAddr())
		if strings.HasPrefix(again.reply(), "220") {
			return
		}
	}
	t.Error("the place of a connection that ended is not given back")
}

// Who does not log in is not waited for.
func TestLoginTime(t *testing.T) {
	c := start(t, &desk{}, func(o *Options) {
		submission(o)
		o.LoginTime = 50 * time.Millisecond
	})
	if _, err := io.Copy(io.Discard, c.in); err != nil {
		t.Error(err)
	}

	in := &lines{overdue: time.AfterFunc(time.Hour, func() {})}
	s := &session{Server: c.server, conn: in, ip: netip.MustParseAddr("127.0.0.1")}
	if err := s.logIn("john@example.org", "guess"); err == nil || !in.overdue.Reset(time.Hour) {
		t.Errorf("who guesses is waited for: %v", err)
	}
	if err := s.logIn("john@example.org", "hunter2"); err != nil || in.overdue.Stop() {
		t.Errorf("who is in must hurry: %v", err)
	}
}

// Handshakes that fail, or never come, end their connections and nothing else.
func TestBrokenHandshakes(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		first := start(t, &desk{}, func(o *Options) {
			submission(o)
			o.Implicit = implicit
		})
		for _, said := range []string{"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff", strings.Repeat("\x00", 5000)} {
			c := connect(t, first.server, first.RemoteAddr())
			if !implicit {
				c.talk("< 220\n> EHLO pc\n< 250\n> STARTTLS\n< 220")
			}
			c.send(said)
			c.Conn.(*net.TCPConn).CloseWrite()
			rest, _ := io.ReadAll(c.in)
			if strings.Contains(string(rest), "ESMTP") {
				t.Errorf("in clear: %q", rest)
			}
		}
	}
}

// Idle sessions inside of TLS hear of the end, too, and it is a clean one.
func TestShutdownInsideTLS(t *testing.T) {
	c := enter(start(t, &desk{}, submission))
	go c.server.Shutdown(context.Background())
	c.talk("< 421 4.3.2")
	if _, err := c.in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after 421: %v", err)
	}
}
