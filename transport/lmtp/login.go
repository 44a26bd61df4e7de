package lmtp

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/postel-mail/postel/smsengine"
)

// Authenticator says whose name and password these are.
type Authenticator interface {
	// Authenticate gives the identity. peer is the client's address, zero for a
	// unix socket. The error is an *smsengine.Error: 5.7.8 in the same words for a
	// wrong password and an unknown user, 4.7.0 or 4.7.1 if there were too many
	// attempts or nobody can tell.
	Authenticate(ctx context.Context, user, password string, peer netip.Addr) (smsengine.Identity, error)
}

// mechanisms are those of RFC 4616 and of draft-murchison-sasl-login.
var mechanisms = []string{sasl.Plain, sasl.Login}

// AuthMechanisms lists what EHLO announces.
func (s *session) AuthMechanisms() []string {
	if !s.mayLogIn() {
		return nil
	}
	return mechanisms
}

// mayLogIn reports whether a password may be sent on this connection.
func (s *session) mayLogIn() bool {
	return s.Authenticator != nil && (s.conn.secure.done || s.PlainAuth && s.near)
}

// Auth begins a login.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	switch {
	case s.Authenticator == nil:
		return nil, smtp.ErrAuthUnsupported
	case !s.mayLogIn():
		return nil, replyWith(538, 5, 7, 11, "passwords are taken inside of TLS only, say STARTTLS first")
	case s.current() != nil:
		return nil, replyWith(503, 5, 5, 1, "a mail is under way") // RFC 4954 §4
	case s.failures >= s.MaxFailures:
		s.Log.Warn("too many failed logins, closing", "peer", s.peer)
		return nil, replyWith(421, 4, 7, 0, "too many failed logins, closing the connection")
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(behalf, user, password string) error {
			if behalf != "" && behalf != user {
				return s.failed(errors.New("asked to act for another user"),
					replyWith(535, 5, 7, 8, "nobody may log in for somebody else"))
			}
			return s.logIn(user, password)
		}), nil
	case sasl.Login:
		return &login{verify: s.logIn}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// logIn asks the Authenticator. The name is not logged unless it is right:
// people type passwords where names belong.
func (s *session) logIn(user, password string) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	id, err := s.Authenticator.Authenticate(ctx, user, password, s.ip)
	status := smsengine.StatusOf(err)
	switch {
	case status.Code == "5.7.8":
		status.Text = "user name or password is wrong"
		return s.failed(errors.New(status.Text), loginReply(status))
	case err != nil:
		return s.failed(err, loginReply(status))
	case id.Method == "":
		id.Method = smsengine.MethodAuth
	}
	s.login = id
	s.conn.loggedIn()
	s.Log.Info("logged in", "peer", s.peer, "user", id.User)
	return nil
}

func (s *session) failed(why error, answer *smtp.SMTPError) error {
	s.failures++
	s.Log.Warn("login failed", "peer", s.peer, "failures", s.failures, "err", why)
	return answer
}

// loginReply is the answer to a login that failed, in the codes of RFC 4954 §6.
func loginReply(status smsengine.Status) *smtp.SMTPError {
	r := reply(status)
	r.Code = 454
	if r.EnhancedCode[0] == 5 {
		r.Code = 535
	}
	return r
}

// login is the server's side of LOGIN, which go-sasl has not: it asks for the
// name, which may come with the command, and then for the password.
type login struct {
	verify func(user, password string) error
	user   string
	named  bool
}

func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case !l.named:
		l.user, l.named = string(response), true
		return []byte("Password:"), false, nil
	}
	return nil, true, l.verify(l.user, string(response))
}

// replyWith is a reply in our own words.
func replyWith(code, class, subject, detail int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{
		Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail},
		Message: string(mark) + strings.TrimSpace(text),
	}
}
