package config

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
)

// Submission is a mail server for people and programs, where there is no other.
// They log in with the name and password of an account, or of a mail user
// (section system), and send to phones; other mail is refused, or handed on.
type Submission struct {
	// The socket on which TLS begins by STARTTLS, usually "inet:0.0.0.0:587".
	Listen Endpoint `toml:"listen"`
	// The socket on which TLS begins at once, usually "inet:0.0.0.0:465". One of
	// the two is enough.
	TLSListen Endpoint `toml:"tls_listen"`
	// The file of the certificate and those that vouch for it, in PEM. It is read
	// again when it changes.
	Certificate string `toml:"certificate"`
	// The file of the certificate's private key, in PEM.
	Key string `toml:"key"`
	// Whether passwords are taken outside of TLS too, from this machine only.
	PlainAuth bool `toml:"plain_auth"`
	// How often a client may give a wrong password before its connection is closed.
	MaxFailures int `toml:"max_failures"`
	// The most connections of one client at a time. Behind a router several people
	// are one client.
	MaxPerClient int `toml:"max_per_client"`

	// The mail server that takes other mail, "smtp:host:port" or "smtp:unix:/path".
	// Empty: only mail to phones is taken.
	Smarthost string `toml:"smarthost"`
	// How the way there is protected: "starttls", "tls" (from the first octet), or
	// "none".
	SmarthostSecurity string `toml:"smarthost_security"`
	// A file with one line, user:password, to log in there. Nobody but Postel's
	// user may read it. Empty: no login.
	SmarthostLogin string `toml:"smarthost_login"`

	Socket
	// The largest mail that is taken.
	MaxSize Size `toml:"max_size"`
	// The most recipients of one mail.
	MaxRecipients int `toml:"max_recipients"`
	// The most connections at a time, for each of the two sockets.
	MaxConnections int `toml:"max_connections"`
}

func defaultSubmission() Submission {
	return Submission{
		MaxFailures: 3, MaxPerClient: 20, SmarthostSecurity: "starttls", Socket: Socket{Mode: 0o660},
		MaxSize: 10 << 20, MaxRecipients: 1000, MaxConnections: 200,
	}
}

// SmarthostTarget reads the key smarthost.
func (s *Submission) SmarthostTarget() (Endpoint, error) {
	t, err := (&Mail{To: s.Smarthost}).Target()
	if err != nil || t.Protocol != "smtp" {
		return Endpoint{}, fmt.Errorf("%q is not a mail server", s.Smarthost)
	}
	return t.Socket, nil
}

func (r *reader) checkSubmission(c *Config) {
	s := &c.Submission
	open := !s.Listen.IsZero() || !s.TLSListen.IsZero()
	switch {
	case !s.TLSListen.IsZero() && s.Certificate == "":
		r.bad("submission.tls_listen", "set submission.certificate and submission.key", "there is no TLS without a certificate")
	case !s.Listen.IsZero() && s.Certificate == "" && !(s.PlainAuth && onThisMachine(s.Listen)):
		r.bad("submission.listen", "set submission.certificate and submission.key, or listen on 127.0.0.1 with plain_auth", "passwords are taken inside of TLS only, and there is no certificate")
	}
	if (s.Certificate == "") != (s.Key == "") {
		r.bad("submission.certificate", "set submission.certificate and submission.key", "a certificate and its key belong together")
	}
	for key, path := range map[string]string{"certificate": s.Certificate, "key": s.Key, "smarthost_login": s.SmarthostLogin} {
		if path != "" && !filepath.IsAbs(path) {
			r.bad("submission."+key, `write a path that begins with "/"`, "%q depends on where Postel is started", path)
		}
	}
	for key, n := range map[string]int{
		"max_failures": s.MaxFailures, "max_per_client": s.MaxPerClient, "max_recipients": s.MaxRecipients,
		"max_connections": s.MaxConnections, "max_size": int(s.MaxSize),
	} {
		if n < 1 {
			r.bad("submission."+key, "write 1 or more", "nobody could send anything")
		}
	}
	r.checkSmarthost(c, open)
}

func (r *reader) checkSmarthost(c *Config, open bool) {
	s := &c.Submission
	r.choice("submission.smarthost_security", s.SmarthostSecurity, "starttls", "tls", "none")
	if s.Smarthost == "" {
		if s.SmarthostLogin != "" {
			r.bad("submission.smarthost_login", "set submission.smarthost too", "there is nowhere to log in")
		}
		return
	}
	to, err := s.SmarthostTarget()
	switch {
	case err != nil:
		r.bad("submission.smarthost", `write "smtp:host:port" or "smtp:unix:/path"`, "%s", err)
	case !open:
		r.bad("submission.smarthost", "set submission.listen or submission.tls_listen", "no mail comes in that could go there")
	case to == s.Listen || to == s.TLSListen || to == c.SMTP.Listen:
		r.bad("submission.smarthost", "name the mail server", "this is Postel's own server: mail would go round in circles")
	case s.SmarthostLogin != "" && s.SmarthostSecurity == "none" && !onThisMachine(to):
		r.bad("submission.smarthost_security", `write "starttls" or "tls"`, "the password would go over the network in clear")
	}
}

// onThisMachine reports whether nobody on the network can reach, or listen to,
// the socket.
func onThisMachine(e Endpoint) bool {
	if e.Network == "unix" {
		return true
	}
	host, _, err := net.SplitHostPort(strings.Replace(e.Address, "localhost", "127.0.0.1", 1))
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
