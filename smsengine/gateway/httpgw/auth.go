package httpgw

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// authenticator proves to the provider who asks.
type authenticator struct {
	auth   provider.Auth
	signer *v4.Signer
	client *http.Client // the gateway's own, for OAuth2
	oauth  clientcredentials.Config

	mu     sync.Mutex
	tokens oauth2.TokenSource // of OAuth2: keeps a token until it expires
}

// newAuthenticator prepares for a kind of authentication. Tokens are fetched
// with client when the first is needed.
func newAuthenticator(a provider.Auth, client *http.Client, v template.Values) (*authenticator, error) {
	au := &authenticator{auth: a, client: client}
	switch a.Kind {
	case provider.SigV4Auth:
		au.signer = v4.NewSigner()
	case provider.OAuth2Auth:
		w := expander{v: v}
		au.oauth = clientcredentials.Config{
			ClientID: w.text(a.ClientID), ClientSecret: w.text(a.ClientSecret), TokenURL: w.text(a.TokenURL), Scopes: a.Scopes,
		}
		if w.err != nil {
			return nil, w.err
		}
		au.forget()
	}
	return au, nil
}

// forget drops the token, which the provider does not take any more.
func (a *authenticator) forget() {
	if a.auth.Kind != provider.OAuth2Auth {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens = a.oauth.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, a.client))
}

// token gives the one there is, or a new one. It is not bound to the text that
// happened to need it first.
func (a *authenticator) token() (*oauth2.Token, error) {
	a.mu.Lock()
	tokens := a.tokens
	a.mu.Unlock()
	return tokens.Token()
}

// expander fills in several templates and keeps the first error.
type expander struct {
	v   template.Values
	err error
}

func (e *expander) text(t provider.Template) string {
	s, _, err := t.Expand(e.v)
	if e.err == nil {
		e.err = err
	}
	return s
}

// authenticate adds to the request what proves who asks.
func (a *authenticator) authenticate(ctx context.Context, r request, v template.Values) error {
	w := expander{v: v}
	switch a.auth.Kind {
	case provider.BasicAuth:
		r.SetBasicAuth(w.text(a.auth.User), w.text(a.auth.Password))
	case provider.BearerAuth:
		r.Header.Set("Authorization", "Bearer "+w.text(a.auth.Token))
	case provider.HeaderAuth:
		r.Header.Set(a.auth.Name, w.text(a.auth.Value))
	case provider.QueryAuth:
		pair := url.QueryEscape(a.auth.Name) + "=" + url.QueryEscape(w.text(a.auth.Value))
		if r.URL.RawQuery != "" {
			pair = r.URL.RawQuery + "&" + pair
		}
		r.URL.RawQuery = pair
	case provider.SigV4Auth:
		sum := sha256.Sum256(r.body)
		keys := aws.Credentials{AccessKeyID: w.text(a.auth.AccessKey), SecretAccessKey: w.text(a.auth.SecretKey), SessionToken: w.text(a.auth.SessionToken)}
		region := w.text(a.auth.Region)
		if w.err == nil {
			return a.signer.SignHTTP(ctx, keys, r.Request, hex.EncodeToString(sum[:]), a.auth.Service, region, time.Now())
		}
	case provider.OAuth2Auth:
		t, err := a.token()
		if err != nil {
			return &tokenError{err}
		}
		t.SetAuthHeader(r.Request)
	}
	return w.err
}

// tokenError: the server that gives out tokens gave none.
type tokenError struct{ err error }

func (e *tokenError) Unwrap() error { return e.err }

// Error leaves out what the server said, which may repeat what it was asked.
func (e *tokenError) Error() string {
	if r, ok := errors.AsType[*oauth2.RetrieveError](e.err); ok && r.Response != nil {
		return fmt.Sprintf("no token: HTTP %d %s", r.Response.StatusCode, r.ErrorCode)
	}
	return "no token: " + withoutURL(e.err).Error()
}

// refused reports whether the server knows us not, rather than being down.
func (e *tokenError) refused() bool {
	r, ok := errors.AsType[*oauth2.RetrieveError](e.err)
	return ok && r.Response != nil && r.Response.StatusCode < 500 && r.Response.StatusCode != http.StatusTooManyRequests
}
