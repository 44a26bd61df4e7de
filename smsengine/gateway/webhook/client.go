package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/guard"
)

// Bounds of an answer, in octets. Nobody needs one: it is read to keep the
// connection, and to have some words for people.
const (
	maxHeader = 32 << 10
	maxBody   = 16 << 10
)

// Idle connections are kept for the next call. One that the server closes
// meanwhile does no harm, for calls may be repeated.
const (
	maxIdle  = 128
	idleTime = time.Minute
)

// noRedirect leaves a redirection as the answer: what it leads to nobody has
// asked for.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func newClient(o Options) *http.Client {
	dialer := &net.Dialer{Timeout: o.Timeout, KeepAlive: 30 * time.Second, ControlContext: guard.Control(o.Networks...)}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    o.Timeout,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle / 4,
		IdleConnTimeout:        idleTime,
		DisableCompression:     true, // a small answer stays small
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(true)
	return &http.Client{Transport: t, CheckRedirect: noRedirect}
}

// request makes the request of a call.
func (g *Gateway) request(hook smsengine.Webhook, d smsengine.Delivery) (*http.Request, error) {
	u, err := Parse(hook.URL)
	if err != nil {
		return nil, fail(smsengine.Temporary, "4.3.5", "the URL of the webhook "+hook.Name+" cannot be used", err)
	}
	address, err := Expand(u, d)
	if err != nil {
		return nil, fail(smsengine.Permanent, "5.6.0", "this text cannot stand in the URL of the webhook: "+err.Error(), err)
	}
	var r *http.Request
	if len(u.Variables()) > 0 {
		if r, err = http.NewRequest(http.MethodGet, address, nil); err == nil {
			r.Header.Set(HeaderID, string(d.Message.ID))
		}
	} else {
		r, err = g.post(hook, address, d)
	}
	if err != nil {
		return nil, fail(smsengine.Temporary, "4.3.0", "the call cannot be made", withoutURL(err))
	}
	r.Header.Set("User-Agent", g.userAgent())
	r.Header["Idempotency-Key"] = nil // package http may repeat it, and does not send this
	return r, nil
}

// post makes the signed request.
func (g *Gateway) post(hook smsengine.Webhook, address string, d smsengine.Delivery) (*http.Request, error) {
	if len(hook.Secret) == 0 {
		return nil, errors.New("the webhook has no secret to sign with")
	}
	document, err := g.o.Compose(d)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	sign(r.Header, hook.Secret, string(d.Message.ID), g.o.Now(), document)
	return r, nil
}

func (g *Gateway) userAgent() string {
	if g.o.Version == "" {
		return "Postel"
	}
	return "Postel/" + g.o.Version
}

// call makes the request.
func (g *Gateway) call(ctx context.Context, r *http.Request) (a answer) {
	began := time.Now()
	own, cancel := context.WithTimeout(ctx, g.o.Timeout)
	defer cancel()
	var left atomic.Bool
	own = httptrace.WithClientTrace(own, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { left.Store(true) }})
	res, err := g.client.Do(r.WithContext(own))
	if err == nil {
		a.status, a.header = res.StatusCode, res.Header
		a.body, _ = io.ReadAll(io.LimitReader(res.Body, maxBody)) // the status has said it all
		res.Body.Close()
	}
	a.server, a.left, a.took = r.URL.Hostname(), left.Load(), time.Since(began)
	a.cause, a.cutOff = withoutURL(err), ctx.Err() != nil
	a.late = own.Err() != nil && !a.cutOff
	return a
}

// withoutURL leaves the URL out, which has the text and perhaps a password in
// it.
func withoutURL(err error) error {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = u.Err
	}
}
