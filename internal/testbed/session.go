package testbed

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Dial opens a session at the SMTP service as a stranger, for the time of the
// test.
func (m *mta) Dial() *smtp.Client {
	m.h.t.Helper()
	c, err := smtp.Dial(m.SMTP)
	if err != nil {
		m.h.t.Fatal("testbed: SMTP: ", err)
	}
	m.h.t.Cleanup(func() { c.Close() })
	return c
}

// Login opens a session at the submission service, over STARTTLS, and logs in.
func (m *mta) Login(u User) *smtp.Client {
	m.h.t.Helper()
	c, err := smtp.DialStartTLS(m.Submission, m.TLS())
	if err != nil {
		m.h.t.Fatal("testbed: submission: ", err)
	}
	m.h.t.Cleanup(func() { c.Close() })
	if err := c.Auth(sasl.NewPlainClient("", u.Name, u.Password)); err != nil {
		m.h.t.Fatalf("testbed: SMTP login of %s: %v", u.Name, err)
	}
	return c
}

// Submit logs in and sends one mail to recipients, each of which must be
// accepted.
func (m *mta) Submit(u User, to []string, mail []byte) {
	m.h.t.Helper()
	c := m.Login(u)
	defer c.Close()
	if err := c.SendMail(u.Address(), to, bytes.NewReader(mail)); err != nil {
		m.h.t.Fatalf("testbed: sending to %v: %v", to, err)
	}
}

// TLS is how a client talks to the submission service: it trusts the
// certificate that was made for this host.
func (m *mta) TLS() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(m.tls.cert)
	return &tls.Config{RootCAs: roots, ServerName: "mx." + Domain}
}

// certificate is a self-signed certificate and its key, in PEM.
type certificate struct{ cert, key []byte }

func newCertificate(name string) (certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	now := time.Now()
	is := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, is, is, key.Public(), key)
	if err != nil {
		return certificate{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return certificate{}, err
	}
	return certificate{
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}

func (c certificate) write(cert, key string) error {
	if err := os.MkdirAll(filepath.Dir(key), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(key, c.key, 0o600); err != nil {
		return err
	}
	return os.WriteFile(cert, c.cert, 0o644)
}
