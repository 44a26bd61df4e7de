package testbed

import (
	"bytes"

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
