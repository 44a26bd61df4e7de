package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/postel-mail/postel/smsengine"
)

// Logins verifies who asks. from says where the request comes from. What is wrong
// is a permanent [*smsengine.Error] with the code 5.7.8, which does not say what;
// whoever has to wait after wrong ones gets a temporary 4.7.x.
type Logins interface {
	// Password verifies the password of an account or of a mail user. The names are
	// tried in turn.
	Password(ctx context.Context, users []string, password string, from smsengine.Identity) (Login, error)
	// Token verifies a token that stands for an account.
	Token(ctx context.Context, token string, from smsengine.Identity) (Login, error)
}

// Login is who asks, and what he may do.
type Login struct {
	smsengine.Identity
	Account string            // who pays, and whose messages they are
	Answers smsengine.Address // where answers to its texts go unless it says otherwise
	Scopes  smsengine.Scopes  // of the token; for a password all but ScopeAdmin and ScopeMetrics
}

// May gives nil if the login is good for something, else the refusal.
func (l Login) May(scope smsengine.Scopes) error {
	if l.Scopes.Has(scope) {
		return nil
	}
	return smsengine.Fail("login", smsengine.Permanent, "5.7.1", "this token is not for that: it has no scope "+scope.String(), nil)
}

// Authenticate says who asks, by the request's Authorization: Basic with name and
// password (RFC 7617), or Bearer with a token (RFC 6750). A request without one
// is refused with 5.7.0. The account is noted for the access log.
func Authenticate(r *http.Request, l Logins) (Login, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if user, password, ok := r.BasicAuth(); ok {
		return WithPassword(r, l, []string{user}, password)
	}
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Login{}, smsengine.Fail("login", smsengine.Permanent, "5.7.0", "say who you are: a token, or user name and password", nil)
	}
	if err := Private(r); err != nil {
		return Login{}, err
	}
	v := VisitOf(r)
	login, err := l.Token(r.Context(), token, v.Identity())
	if err == nil {
		v.Did(login.Account)
	}
	return login, err
}

// WithPassword says who asks, by a name and a password that came elsewhere in the
// request.
func WithPassword(r *http.Request, l Logins, users []string, password string) (Login, error) {
	if err := Private(r); err != nil {
		return Login{}, err
	}
	v := VisitOf(r)
	login, err := l.Password(r.Context(), users, password, v.Identity())
	if err == nil {
		v.Did(login.Account)
	}
	return login, err
}

// Private refuses secrets that others could have read on the way: whoever sent
// one shall notice.
func Private(r *http.Request) error {
	if VisitOf(r).Private {
		return nil
	}
	return smsengine.Fail("login", smsengine.Permanent, "5.7.10", "use https: over http anybody on the way reads passwords and tokens", nil)
}
