package lmtp

import (
	"crypto/tls"
	"errors"
	"io"
	"time"

	"github.com/postel-mail/postel/transport/listen"
)

// security is how a connection comes to TLS. It is done here and not in go-smtp,
// because lines must see the commands inside of TLS.
type security struct {
	config   *tls.Config // nil: there is none
	implicit bool        // TLS begins before the greeting (RFC 8314 §3)
	done     bool
	begun    bool // a mail or a login was taken: too late for STARTTLS
	silent   bool // nothing but EHLO is taken: the client forgot, as we did, what was before TLS
}

// handshakeTime bounds a TLS handshake.
const handshakeTime = 20 * time.Second

// offered reports whether STARTTLS can be announced.
func (s *security) offered() bool { return s.config != nil && !s.implicit && !s.done }

// concerns reports whether a command is for security itself to answer.
func (s *security) concerns(verb string) bool {
	switch verb {
	case "EHLO", "HELO":
		s.silent = false
	case "STARTTLS":
		return s.offered()
	case "QUIT", "NOOP":
	default:
		return s.silent
	}
	return false
}

// begin makes a connection with implicit TLS one before anything is said.
func (c *lines) begin() error {
	if !c.secure.implicit || c.secure.done {
		return nil
	}
	return c.startTLS()
}

// answerSecurity answers a command that concerns security.
func (c *lines) answerSecurity(verb string) error {
	reply := "220 2.0.0 ready to start TLS"
	switch {
	case verb != "STARTTLS":
		reply = "503 5.5.1 say EHLO again, inside of TLS"
	case c.secure.begun:
		reply = "503 5.5.1 too late for STARTTLS in this session"
	}
	if err := c.writeReply([]byte(reply + "\r\n")); err != nil || c.code != 220 {
		return err
	}
	if err := c.Flush(); err != nil {
		return err
	}
	c.secure.silent = true
	return c.startTLS()
}

// startTLS shakes hands. A client that cannot is no trouble of ours, and there
// is nobody left to answer to.
func (c *lines) startTLS() error {
	err := c.StartTLS(c.secure.config, handshakeTime)
	if errors.Is(err, listen.ErrInjected) {
		return err
	}
	if err != nil {
		return io.EOF
	}
	c.secure.done = true
	return nil
}

// noteReply learns from a reply whether it is too late for STARTTLS.
func (c *lines) noteReply() {
	if c.verb == "MAIL" && c.code == 250 || c.code == 235 {
		c.secure.begun = true
	}
}
