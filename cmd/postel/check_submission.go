package main

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/postel-mail/postel/cmd/postel/config"
)

// soonOver is how long before its end a certificate is worth a warning: whatever
// renews it should have done so.
const soonOver = 7 * 24 * time.Hour

// submission looks at the files that [submission] names.
func (f *findings) submission(cfg *config.Config) {
	c := cfg.Submission
	if c.Certificate != "" {
		f.certificate("submission", c.Certificate, c.Key)
	}
	if c.SmarthostLogin != "" {
		if _, _, err := readLogin(c.SmarthostLogin); err != nil {
			f.wrong("write one line, user:password, and give the file to the user that runs postel, mode 0600", "submission.smarthost_login: %s", err)
		}
	}
}

// certificate looks at that of a table of the configuration.
func (f *findings) certificate(table, chain, key string) {
	pair, err := tls.LoadX509KeyPair(chain, key)
	if err != nil {
		f.wrong("name the certificate with its chain, and its private key, both in PEM and readable by the user that runs postel", "%s.certificate: %s", table, err)
		return
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		f.wrong("have it made anew", "%s.certificate: %s: %s", table, chain, err)
		return
	}
	until := leaf.NotAfter.Format("2006-01-02")
	switch left := time.Until(leaf.NotAfter); {
	case left < 0:
		f.wrong("renew it; everybody refuses it", "%s.certificate: %s was good until %s", table, chain, until)
	case left < soonOver:
		f.doubtful("see why it is not renewed", "%s.certificate: %s is good until %s only", table, chain, until)
	default:
		f.fine("%s: certificate for %s, good until %s", table, leaf.DNSNames, until)
	}
}
