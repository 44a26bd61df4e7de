package listen

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certify writes a certificate with that serial number, and its key.
func certify(t *testing.T, dir string, serial int64) (chain, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	chain, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{chain: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(1_800_000_000+serial, 0) // another time for each, whatever the clock does
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return chain, key
}

func serial(t *testing.T, c *Certificate) int64 {
	t.Helper()
	got, err := c.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(got.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf.SerialNumber.Int64()
}

func TestCertificateIsReadAnew(t *testing.T) {
	dir := t.TempDir()
	chain, key := certify(t, dir, 1)
	var log bytes.Buffer
	c, err := LoadCertificate(chain, key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if got := serial(t, c); got != 1 {
		t.Errorf("serial %d", got)
	}
	later := func() { c.checked = time.Time{} }

	certify(t, dir, 2)
	if got := serial(t, c); got != 1 {
		t.Error("the files are looked at each time")
	}
	later()
	if got := serial(t, c); got != 2 {
		t.Errorf("serial %d after the renewal", got)
	}

	// Half of a renewal: the old one stays, and the log hears of it once.
	if err := os.WriteFile(key, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		later()
		if got := serial(t, c); got != 2 {
			t.Errorf("serial %d", got)
		}
	}
	if n := strings.Count(log.String(), "keeping the old one"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
	if err := c.Reload(); err == nil {
		t.Error("no error for half a key")
	}
	certify(t, dir, 3)
	later()
	if got := serial(t, c); got != 3 {
		t.Errorf("serial %d", got)
	}
	if _, err := LoadCertificate(filepath.Join(dir, "none"), key, nil); err == nil {
		t.Error("a certificate that is not there was read")
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	chain, key := certify(t, t.TempDir(), 1)
	c, err := LoadCertificate(chain, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		ours, theirs := net.Pipe()
		go func() {
			_ = tls.Server(ours, c.Config()).Handshake()
			ours.Close()
		}()
		err := tls.Client(theirs, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version}).Handshake()
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

// What was written before StartTLS and not flushed goes through TLS, and a
// drain ends a handshake that nobody goes on with.
func TestStartTLS(t *testing.T) {
	chain, key := certify(t, t.TempDir(), 1)
	certificate, err := LoadCertificate(chain, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	c := newConn(ours, time.Minute)
	done := make(chan error, 1)
	go func() {
		io.WriteString(c, "hello")
		err := c.StartTLS(certificate.Config(), time.Minute)
		done <- errors.Join(err, c.Close())
	}()
	peer := tls.Client(theirs, &tls.Config{InsecureSkipVerify: true})
	got, err := io.ReadAll(peer)
	if err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if state, ok := c.TLS(); !ok || state.Version < tls.VersionTLS12 {
		t.Errorf("%+v", state)
	}

	ours, theirs = net.Pipe()
	defer theirs.Close()
	c = newConn(ours, time.Minute)
	go func() { done <- c.StartTLS(certificate.Config(), time.Hour) }()
	if _, err := theirs.Write([]byte{0x16}); err != nil {
		t.Fatal(err)
	}
	c.drain()
	if err := <-done; err == nil {
		t.Error("no error")
	}
}
