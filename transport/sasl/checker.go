// Package sasl asks the system whether a user's password is right: Dovecot's
// authentication service, or saslauthd of Cyrus SASL.
//
// A [Checker] is made for one socket. Its Verify gives one of three answers:
// nil, the password is right; [ErrDenied], it is wrong or the user may not log
// in; or a temporary *smsengine.Error, nobody can tell at present. The last is
// never mistaken for the second, so that nobody's mail bounces because a
// password server was restarted, and never for the first.
//
// The other end is not trusted with our time or memory: questions have a time
// limit, lines a bound, and the number of connections is limited. No password
// ever stands in an error, and neither do the other end's words, which could
// repeat one.
package sasl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// ErrDenied says that the password is not the user's, that there is no such
// user, or that the user may not log in: a stranger is not told which.
var ErrDenied = errors.New("wrong user name or password")

// Options are what a Checker is made of.
type Options struct {
	// Service is the name under which the other end knows us; "": "smtp". It may
	// have rules for it (PAM: /etc/pam.d/smtp).
	Service string
	// Timeout bounds a question with all that it takes; 0: 30 seconds. Dovecot
	// lets a client that guesses wait for 2 to 17 seconds.
	Timeout time.Duration
	// Max is how many questions are asked at a time; 0: 16. Others wait.
	Max int
}

// maxSecret bounds a user name and a password in octets.
const maxSecret = 1024

// Checker asks one socket. It is safe for concurrent use.
type Checker struct {
	ask     func(ctx context.Context, q question) (verdict, error)
	timeout time.Duration
	places  chan struct{} // one for each question under way
	idle    *connections  // nil: a connection for each question
}

// question is what is asked.
type question struct {
	user, password string
	remote         netip.Addr // zero: not known
	secured        bool
}

// verdict is what the other end said.
type verdict uint8

// The verdicts. unsure is the zero value: what is not understood lets nobody in
// and keeps nobody out for good.
const (
	unsure verdict = iota
	right
	wrong
)

// New makes a Checker for "dovecot:/run/dovecot/auth-client" or
// "saslauthd:/run/saslauthd/mux". It connects when it is asked.
func New(socket string, o Options) (*Checker, error) {
	kind, path, _ := strings.Cut(socket, ":")
	path = strings.TrimPrefix(path, "unix:")
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("password service %q: want dovecot:/path or saslauthd:/path", socket)
	}
	service := cmp.Or(o.Service, "smtp")
	if len(service) > 64 || strings.ContainsFunc(service, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("password service %q: the service name must be a word", socket)
	}
	limit := cmp.Or(o.Max, 16)
	c := &Checker{timeout: cmp.Or(o.Timeout, 30*time.Second), places: make(chan struct{}, limit)}
	dial := func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	switch kind {
	case "dovecot":
		c.idle = &connections{room: limit}
		c.ask = dovecot{service: service, dial: dial, idle: c.idle}.ask
	case "saslauthd":
		c.ask = saslauthd{service: service, dial: dial}.ask
	default:
		return nil, fmt.Errorf("password service %q: want dovecot:/path or saslauthd:/path", socket)
	}
	return c, nil
}

// Verify asks whether the password is the user's. remote is where the user
// connects from, if that is known, and secured whether nobody on the way could
// listen. The error is ErrDenied or a temporary *smsengine.Error.
func (c *Checker) Verify(ctx context.Context, user, password string, remote netip.Addr, secured bool) error {
	if !askable(user) || !askable(password) {
		return ErrDenied
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return unable(fmt.Errorf("all %d connections are busy: %w", cap(c.places), ctx.Err()))
	}
	answer, err := c.ask(ctx, question{user, password, remote.Unmap(), secured})
	switch {
	case err != nil:
		return unable(err)
	case answer == right:
		return nil
	case answer == wrong:
		return ErrDenied
	}
	return unable(errors.New("the password service cannot tell"))
}

// askable reports whether a user name or password can be put into a question.
// None has a NUL, which separates them (RFC 4616 §2).
func askable(s string) bool {
	return s != "" && len(s) <= maxSecret && !strings.Contains(s, "\x00")
}

func unable(cause error) error {
	return smsengine.Fail("sasl", smsengine.Temporary, "4.7.0", "passwords cannot be checked at present, try again later", cause)
}

// Close ends connections that wait for questions.
func (c *Checker) Close() error {
	c.idle.close()
	return nil
}

// connections keeps connections between questions.
type connections struct {
	room int

	mu     sync.Mutex
	free   []*dovecotConn // the one used last at the end
	closed bool
}

// take gives a connection that waits, nil if there is none.
func (p *connections) take() *dovecotConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return nil
	}
	c := p.free[n-1]
	p.free = p.free[:n-1]
	return c
}

// put keeps a connection for the next question.
func (p *connections) put(c *dovecotConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.free) >= p.room {
		_ = c.Close()
		return
	}
	p.free = append(p.free, c)
}

// drop closes all connections that wait: the service was restarted.
func (p *connections) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.free {
		_ = c.Close()
	}
	p.free = nil
}

func (p *connections) close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.drop()
}

// within binds a connection to a context: its deadline, and its end before.
func within(ctx context.Context, c net.Conn) (release func() bool, err error) {
	deadline, _ := ctx.Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return nil, err
	}
	return context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }), nil
}
