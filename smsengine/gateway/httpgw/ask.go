package httpgw

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// tries is how often a request is made anew of which nothing left, since the
// provider had just closed the connection that was to be used again.
const tries = 3

// patient is how long an attempt lasts before the end of its context tells
// something about the provider.
const patient = time.Second

// ask makes the request. It says what the answer means for the text and for the
// gateway.
func (g *Gateway) ask(ctx context.Context, v template.Values, extra []string) (reading, verdict, error) {
	began := time.Now()
	var x exchange
	for try := 1; ; try++ {
		r, err := g.composer.compose(ctx, v, extra)
		if err != nil {
			return reading{}, verdict{}, g.unfit(err)
		}
		if err := g.auth.authenticate(ctx, r, v); err != nil {
			return g.unproven(err)
		}
		g.requests.Add(1)
		x = do(g.client, r)
		g.log.Debug("request", "url", r.masked, "status", x.status, "ms", time.Since(began).Milliseconds())
		if x.err == nil || x.left || !x.reused || try == tries || ctx.Err() != nil {
			break
		}
	}
	if x.status == 0 {
		return g.unanswered(ctx, x, time.Since(began))
	}
	return g.answered(v, x)
}

// unfit is the failure of a text that makes no request.
func (g *Gateway) unfit(err error) error {
	if e, ok := errors.AsType[*template.ValueError](err); ok && !e.Setting {
		return fail(smsengine.Permanent, "5.6.0", "the provider cannot carry this text: "+e.What, err)
	}
	return fail(smsengine.Temporary, "4.3.5", "the gateway is not set up right", err)
}

// unproven is the failure to prove who asks. Nothing was sent.
func (g *Gateway) unproven(err error) (reading, verdict, error) {
	e, ok := errors.AsType[*tokenError](err)
	if !ok {
		return reading{}, verdict{}, g.unfit(err)
	}
	v := verdict{bad: true, reason: "gives no token"}
	if e.refused() {
		v = verdict{rest: restHeld, reason: "refuses the credentials", alarm: alarmCredentials}
	}
	return reading{}, v, fail(smsengine.Temporary, "4.3.5", "the provider takes no texts at the moment", errors.New(g.mask.text(e.Error())))
}

// unanswered is what became of a request without an answer.
func (g *Gateway) unanswered(ctx context.Context, x exchange, took time.Duration) (reading, verdict, error) {
	cause := errors.New(g.mask.text(x.err.Error()))
	v := verdict{bad: ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) && took > patient}
	if x.left {
		v.reason = "does not answer"
		return reading{}, v, fail(smsengine.Uncertain, "4.4.2", "the provider did not say whether it took the text", cause)
	}
	v.reason = "cannot be reached"
	return reading{}, v, fail(smsengine.Temporary, "4.4.1", "the provider cannot be reached", cause)
}

// answered is what an answer means.
func (g *Gateway) answered(v template.Values, x exchange) (reading, verdict, error) {
	r := read(&g.provider.Answer, x, v.MsgID)
	if r.Kind == provider.Accepted {
		return r, verdict{good: true}, nil
	}
	if r.Kind == provider.Credentials {
		g.auth.forget()
	}
	e := fail(class(r.Kind), r.Outcome.Code, r.Text, g.cause(r, x))
	e.Diagnostic = g.diagnostic(r, x)
	return r, about(r, x), e
}

// class is that of a text whose sending came to this.
func class(k provider.OutcomeKind) smsengine.Class {
	switch k {
	case provider.Permanent:
		return smsengine.Permanent
	case provider.Uncertain:
		return smsengine.Uncertain
	}
	return smsengine.Temporary
}

// about is what an answer that is no good says about the gateway.
func about(r reading, x exchange) verdict {
	after, said := retryAfter(x.header, time.Now())
	switch r.Kind {
	case provider.Permanent:
		return verdict{good: true}
	case provider.Credit:
		return verdict{rest: restHeld, reason: "has no credit for us", alarm: alarmCredit}
	case provider.Credentials:
		return verdict{rest: restHeld, reason: "refuses the credentials", alarm: alarmCredentials}
	case provider.Throttled:
		if !said {
			after = restThrottled
		}
		return verdict{rest: after, exact: said, reason: "wants fewer requests"}
	case provider.Temporary:
		if said {
			return verdict{rest: after, exact: true, reason: "wants to be left alone", alarm: alarmUnreachable}
		}
	}
	return verdict{bad: true, reason: "fails"}
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3), a number of seconds or a
// date.
func retryAfter(h http.Header, now time.Time) (d time.Duration, said bool) {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return max(min(time.Duration(n)*time.Second, longestRest), time.Millisecond), true
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(min(t.Sub(now), longestRest), time.Millisecond), true
	}
	return 0, false
}

// cause is what the log gets to know.
func (g *Gateway) cause(r reading, x exchange) error {
	s := fmt.Sprintf("HTTP %d", x.status)
	if r.code != "" {
		s += ", code " + r.code
	}
	switch {
	case r.words != "":
		s += ": " + r.words
	case x.err != nil:
		s += ": " + x.err.Error()
	case len(x.body) > 0 && len(x.body) <= 200:
		s += ": " + string(x.body)
	}
	return errors.New(g.mask.text(s))
}

// diagnostic names the answer in the provider's own terms, for programs.
func (g *Gateway) diagnostic(r reading, x exchange) string {
	if r.code == "" || len(r.code) > 40 {
		return fmt.Sprintf("%s HTTP %d", g.provider.Name, x.status)
	}
	return g.mask.text(fmt.Sprintf("%s %s", g.provider.Name, r.code))
}
