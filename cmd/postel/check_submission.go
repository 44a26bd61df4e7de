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
		f.certificate(c.Certificate, c.Key)
	}
	if c.SmarthostLogin != "" {
		if _, _, err := readLogin(c.SmarthostLogin); err != nil {
			f.wrong("write one line, user:password, and give the file to the user that runs postel, mode 0600", "submission.smarthost_login: %s", err)
		}
	}
}

func (f *findings) certificate(chain, key string) {
	pair, err := tls.LoadX509KeyPair(chain, key)
	if err != nil {
		f.wrong("name the certificate with its chain, and its private key, both in PEM and readable by the user that runs postel", "submission.certificate: %s", err)
		return
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		f.wrong("have it made anew", "submission.certificate: %s: %s", chain, err)
		return
	}
	until := leaf.NotAfter.Format("2006-01-02")
	switch left := time.Until(leaf.NotAfter); {
	case left < 0:
		f.wrong("renew it; mail programs refuse it", "submission.certificate: %s was good until %s", chain, until)
	case left < soonOver:
		f.doubtful("see why it is not renewed", "submission.certificate: %s is good until %s only", chain, until)
	default:
		f.fine("submission: certificate for %s, good until %s", leaf.DNSNames, until)
	}
}
