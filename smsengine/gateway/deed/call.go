package deed

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// Bounds of an answer, in octets. Its beginning is kept for the trace.
const (
	maxHeader = 32 << 10
	maxBody   = 16 << 10
)

func newClient() *http.Client {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 30 * time.Second,
			MaxResponseHeaderBytes: maxHeader, MaxIdleConns: 32, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
		// A redirection stays the answer: what it leads to the rule has not named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// call asks for a URL. 2xx is done; 408, 425, 429 and 5xx are tried again; any
// other answer is a failure for good.
func (g *Gateway) call(ctx context.Context, e rule.Call) (said string, err error) {
	filled, err := e.Fill()
	if err != nil {
		return "", fail(smsengine.Permanent, "5.6.0", "this text cannot stand in the URL of the rule", nil)
	}
	own, cancel := context.WithTimeout(ctx, time.Duration(e.Timeout))
	defer cancel()
	reached := false
	traced := httptrace.WithClientTrace(own, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached = true }})
	r, err := http.NewRequestWithContext(traced, filled.Method, filled.URL, strings.NewReader(filled.Body))
	if err != nil {
		return "", fail(smsengine.Permanent, "5.6.0", "the URL of the rule cannot be used", withoutURL(err))
	}
	r.Header.Set("User-Agent", strings.TrimSuffix("Postel/"+g.o.Version, "/"))
	for name, value := range filled.Header {
		r.Header.Set(name, value)
	}
	res, err := g.client.Do(r)
	server := r.URL.Hostname()
	if err != nil {
		return "", unanswered(server, reached, own, withoutURL(err))
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxBody)) // the status has said it all
	said = line(fmt.Appendf(nil, "HTTP %d %s", res.StatusCode, body))
	var bad *smsengine.Error
	switch s := res.StatusCode; {
	case s/100 == 2:
		return said, nil
	case s/100 == 3:
		bad = fail(smsengine.Permanent, "5.5.0", fmt.Sprintf("%s answers with a redirection (HTTP %d), which is not followed", server, s), nil)
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s == http.StatusTooManyRequests, s/100 == 5:
		bad = fail(smsengine.Temporary, "4.3.2", fmt.Sprintf("%s answers HTTP %d", server, s), nil)
	default:
		bad = fail(smsengine.Permanent, "5.5.0", fmt.Sprintf("%s answers HTTP %d", server, s), nil)
	}
	bad.Diagnostic = said
	return "", bad
}

// unanswered is a server from which nothing came: it may have done it. One that
// was not reached has not.
func unanswered(server string, reached bool, ctx context.Context, cause error) error {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](cause); ok {
		return fail(smsengine.Temporary, "4.7.5", server+" has a certificate that is not trusted here", cause)
	}
	class, code, words := smsengine.Uncertain, "4.4.2", " did not answer"
	if !reached {
		class, code, words = smsengine.Temporary, "4.4.1", " cannot be reached"
	}
	if ctx.Err() != nil {
		words += " in time"
	}
	return fail(class, code, server+words, cause)
}

// withoutURL leaves the URL out, which has the text and perhaps a password in it.
func withoutURL(err error) error {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = u.Err
	}
}
