package testbed

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"
)

// Where the certificate of a host is, and its key. Who is to trust the host's
// servers is given the first.
const (
	certificateFile = "etc/ssl/mx.pem"
	keyFile         = "etc/ssl/mx.key"
)

// CAFile is the file to trust when talking to the host's daemons over TLS, as
// mx.example.org or by their address.
func (h *Host) CAFile() string { return h.Path(certificateFile) }

// TLS is how a client talks to the host's daemons: it trusts the certificate
// that was made for this host.
func (h *Host) TLS() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(h.read(certificateFile)))
	return &tls.Config{RootCAs: roots, ServerName: "mx." + Domain}
}

// TLS is how a client talks to the submission service.
func (m *mta) TLS() *tls.Config { return m.h.TLS() }

// makeCertificate makes the host's self-signed certificate, in PEM.
func (h *Host) makeCertificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	name, now := "mx."+Domain, time.Now()
	is := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name}, IPAddresses: []net.IP{net.ParseIP(h.Addr)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, is, is, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		h.write(certificateFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))),
		h.writeSecret(keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))),
	)
}

// writeSecret writes a file that root alone may read.
func (h *Host) writeSecret(name, content string) error {
	return errors.Join(h.write(name, content), os.Chmod(h.Path(name), 0o600))
}
