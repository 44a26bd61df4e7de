package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/internal/testbed"
)

// certify writes a certificate for localhost with that serial number, and its
// key. It gives who vouches for it.
func (p *postel) certify(serial int64) *x509.CertPool {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	chain, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		p.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: chain}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(p.dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	leaf, _ := x509.ParseCertificate(chain)
	pool.AddCert(leaf)
	return pool
}

// newSubmission is a site whose users hand their mail to Postel, and whose mail
// server is only the smarthost behind it.
func newSubmission(t *testing.T) (s *site, roots *x509.CertPool) {
	s = newSite(t, "")
	s.stop()
	roots = s.certify(1)
	s.edit("[mail]", fmt.Sprintf(`[system]
socket = "dovecot:%s"
[submission]
listen = "inet:%s:5870"
tls_listen = "inet:%s:4650"
certificate = "%s"
key = "%s"
smarthost = "smtp:%s"
smarthost_security = "none"
[mail]`, s.host.Path("var/spool/postfix/private/auth"), s.host.Addr, s.host.Addr,
		filepath.Join(s.dir, "cert.pem"), filepath.Join(s.dir, "key.pem"), s.postfix.SMTP))
	s.start()
	return s, roots
}

// sign opens a session, by STARTTLS or with TLS from the first octet.
func (s *site) sign(roots *x509.CertPool, implicit bool, auth sasl.Client) (*smtp.Client, error) {
	s.t.Helper()
	config := &tls.Config{RootCAs: roots, ServerName: "localhost"}
	dial, port := smtp.DialStartTLS, "5870"
	if implicit {
		dial, port = smtp.DialTLS, "4650"
	}
	c, err := dial(net.JoinHostPort(s.host.Addr, port), config)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c, c.Auth(auth)
}

// A site without a mail server of its own: accounts and mail users sign in, what
// is for phones becomes texts, and the rest goes to the smarthost.
func TestSubmission(t *testing.T) {
	t.Parallel()
	s, roots := newSubmission(t)
	s.withPassword(alertPassword, "account", "add", "smsalerts", "monthly_limit=2", "--owns", "alerts@example.org", "--password-stdin")

	c, err := s.sign(roots, false, sasl.NewPlainClient("", "smsalerts", alertPassword))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SendMail("alerts@example.org", []string{alice + "@sms.example.org"}, bytes.NewReader(write("disk", "x@example.org", "", "disk full"))); err != nil {
		t.Fatal(err)
	}
	if got := s.inbox(alice, 1)[0].Text; got != "disk full" {
		t.Errorf("the phone has %q", got)
	}
	if n := s.used("smsalerts"); n != 1 {
		t.Errorf("smsalerts has used %d parts", n)
	}

	c, err = s.sign(roots, true, sasl.NewLoginClient("john", testbed.John.Password))
	if err != nil {
		t.Fatal(err)
	}
	mail := write("late", `mary@example.org, "sms:+15551234567?user=smsalerts&pass=`+alertPassword+`"@example.org`, "Bcc: boss@example.org\n", "I am late")
	if err := c.SendMail("john@example.org", []string{"mary@example.org", alice + "@sms.example.org"}, bytes.NewReader(mail)); err != nil {
		t.Fatal(err)
	}
	if got := s.inbox(alice, 2)[1].Text; got != "I am late" {
		t.Errorf("the phone has %q", got)
	}
	got := string(s.dovecot.WaitInbox(testbed.Mary, 1)[0])
	for _, want := range []string{"(Postel) with ESMTPSA id ", "Subject: cellar", "I am late", `"sms:+15551234567"@example.org`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in what mary has:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Bcc") || strings.Contains(got, alertPassword) {
		t.Errorf("mary sees what is not for her:\n%s", got)
	}

	s.refusals(roots)
	s.stop()
	log, err := os.ReadFile(s.log.Name())
	if err != nil || bytes.Contains(log, []byte(alertPassword)) || bytes.Contains(log, []byte("zwieback")) {
		t.Errorf("%v: a password is in the log:\n%s", err, log)
	}
}

// refusals are replies to logins and recipients.
func (s *site) refusals(roots *x509.CertPool) {
	s.t.Helper()
	for _, wrong := range []sasl.Client{
		sasl.NewPlainClient("", "smsalerts", "zwieback-guess"), sasl.NewLoginClient("nobody", alertPassword),
	} {
		c, err := s.sign(roots, false, wrong)
		wantAnswer(s.t, "a wrong password", err, "535 5.7.8 user name or password is wrong")
		wantAnswer(s.t, "MAIL without login", c.Mail("john@example.org", nil), "530 5.7.0")
	}
	c, err := s.sign(roots, false, sasl.NewPlainClient("", "smsalerts", alertPassword))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Mail("alerts@example.org", nil); err != nil {
		s.t.Fatal(err)
	}
	wantAnswer(s.t, "the last part", c.Rcpt(alice+"@sms.example.org", nil), "")
	wantAnswer(s.t, "one too many", c.Rcpt("+15551234568@sms.example.org", nil), "552 5.2.2")
	wantAnswer(s.t, "a user whom the smarthost does not know", c.Rcpt("nobody-here@example.org", nil), "550 5.1.1")
}

func wantAnswer(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := ""
	if e, ok := errors.AsType[*smtp.SMTPError](err); ok {
		got = fmt.Sprintf("%d %d.%d.%d %s", e.Code, e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2], e.Message)
	} else if err != nil {
		got = err.Error()
	}
	if !strings.HasPrefix(got, want) || want == "" && got != "" {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// A renewed certificate is used without a restart.
func TestCertificateRenewed(t *testing.T) {
	s, _ := newSubmission(t)
	roots := s.certify(2)
	s.wait("the new certificate", func() error {
		c, err := tls.Dial("tcp", net.JoinHostPort(s.host.Addr, "4650"), &tls.Config{RootCAs: roots, ServerName: "localhost"})
		if err == nil {
			c.Close()
		}
		return err
	})
}
