package webhook

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/guard"
)

// answer is what came of a request.
type answer struct {
	server string
	status int // 0: there was no answer
	header http.Header
	body   []byte // its beginning
	left   bool   // some of the request may have left
	cutOff bool   // whoever made the call did not wait for its end
	late   bool   // its time was over
	cause  error  // why there was no answer; without the URL
	took   time.Duration
}

// taken reports whether the program has the call.
func (a answer) taken() bool { return a.status/100 == 2 }

// verdict is what the answer says about the webhook.
func (a answer) verdict(now time.Time) verdict {
	v := verdict{took: a.took, reason: a.reason()}
	switch {
	case a.cutOff && a.status == 0:
		v.says = nothing
	case a.taken():
		v.says = works
	case a.status == http.StatusGone:
		v.says = gone
	default:
		v.says, v.rest = fails, retryAfter(a.header, now)
	}
	return v
}

// reason is in one line what is wrong, "" for nothing. It follows the webhook's
// name.
func (a answer) reason() string {
	switch {
	case a.taken():
		return ""
	case a.status/100 == 3:
		return fmt.Sprintf("at %s answers with a redirection (HTTP %d), which is not followed: its URL has to be changed", a.server, a.status)
	case a.status == http.StatusGone:
		return fmt.Sprintf("at %s says that it is gone (HTTP %d): it can be removed", a.server, a.status)
	case a.status != 0:
		return fmt.Sprintf("at %s answers HTTP %d", a.server, a.status)
	case errors.Is(a.cause, guard.ErrPrivate):
		return fmt.Sprintf("at %s is in a network that is not public: http.webhook_networks lists those that may be called", a.server)
	case a.late || a.left:
		return fmt.Sprintf("at %s does not answer", a.server)
	}
	if _, ok := errors.AsType[*net.DNSError](a.cause); ok {
		return fmt.Sprintf("at %s cannot be called: the server is not known by this name", a.server)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](a.cause); ok {
		return fmt.Sprintf("at %s cannot be called: the server's certificate does not prove that it is this one", a.server)
	}
	return fmt.Sprintf("at %s cannot be reached", a.server)
}

// err is what became of the call, nil if the program has it. What the answer says
// in words stands in it without secrets.
func (a answer) err(hook smsengine.Webhook, called *url.URL) error {
	if a.taken() {
		return nil
	}
	m := newMask(hook, called)
	text := "the webhook " + a.reason()
	switch {
	case a.status == 0:
		var cause error
		if a.cause != nil {
			cause = errors.New(m.text(a.cause.Error()))
		}
		switch {
		case errors.Is(a.cause, guard.ErrPrivate):
			return fail(smsengine.Temporary, "4.7.1", text, cause)
		case a.left:
			return fail(smsengine.Uncertain, "4.4.2", text+"; it is called again", cause)
		}
		return fail(smsengine.Temporary, "4.4.1", text, cause)
	case a.status == http.StatusGone:
		return a.said(m, fail(smsengine.Permanent, "5.1.6", text, nil))
	case a.status == http.StatusTooManyRequests, a.status == http.StatusTooEarly, a.status == http.StatusRequestTimeout, a.status/100 == 5:
		return a.said(m, fail(smsengine.Temporary, "4.3.2", text, nil))
	}
	return a.said(m, fail(smsengine.Temporary, "4.5.0", text, nil))
}

// said adds the answer's words.
func (a answer) said(m mask, e *smsengine.Error) *smsengine.Error {
	e.Diagnostic = fmt.Sprintf("HTTP %d", a.status)
	kind := a.header.Get("Content-Type")
	if !strings.HasPrefix(kind, "text/plain") && !strings.Contains(kind, "json") {
		return e
	}
	if words := m.text(string(a.body)); words != "" {
		e.Text += ", and says: " + words
	}
	return e
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3), a number of seconds or a date;
// 0 if it says nothing.
func retryAfter(h http.Header, now time.Time) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return time.Duration(min(n, int(longestRest/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil && t.After(now) {
		return min(t.Sub(now), longestRest)
	}
	return 0
}
