package modem

import (
	"context"
	"errors"
	"fmt"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/sms"
)

// hindrance says what keeps texts from leaving, in words for strangers; empty:
// nothing does. The caller holds s.mu.
func (s *state) hindrance() string {
	f := &s.facts
	switch {
	case f.line == nil:
		return "the gateway's modem is not ready"
	case !f.network.Status.Registered():
		return "the gateway's modem has no connection to the phone network"
	case f.network.Status.Roams() && s.policy != RoamingSend:
		return "the gateway's modem is in a foreign network, through which it may not send"
	}
	return f.held
}

// usable gives the line that texts can be sent through now. Without one the error
// is a temporary *smsengine.Error, which says in words for strangers why.
func (g *Gateway) usable() (*line, error) {
	s := g.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == nil {
		return nil, smsengine.Fail("modem.Send", smsengine.Temporary, "4.4.1", s.hindrance()+"; the text waits", errors.New(s.situation()))
	}
	return s.line, nil
}

// attempted is told of each try to submit a part, and whether it went well. A
// text that the network refused for good shows that the modem is well.
func (g *Gateway) attempted(l *line, err error) {
	cause, known := causeOf(err)
	if err == nil || known && cause.Class == sms.Permanent && !cause.Fault {
		l.failures.Store(0)
		g.rounds.Store(0)
		g.state.clear("sending")
		g.state.learn(func(f *facts) { f.held = "" })
		return
	}
	if !known || l.Err() != nil || errors.Is(err, context.Canceled) {
		return // nobody waited for the modem, or the line is known to be broken
	}
	if cause.Fault {
		g.state.raise("sending", "the modem takes no texts: "+cause.Text+" ("+cause.Diagnostic+"): "+faultRemedy(err))
		g.state.learn(func(f *facts) { f.held = cause.Text })
		l.look()
	}
	n := int(l.failures.Add(1))
	if n < g.config.FailedSends {
		return
	}
	if !cause.Fault {
		g.state.raise("sending", fmt.Sprintf("the last %d texts could not be sent, %s: the modem is started anew; if that does not help, see what the network provider says of the SIM card", n, cause.Diagnostic))
	}
	l.fail(errSends)
}

// causeOf gives what the modem said of a text.
func causeOf(err error) (sms.Cause, bool) {
	var c interface{ Cause() sms.Cause }
	if errors.As(err, &c) {
		return c.Cause(), true
	}
	return sms.Cause{}, false
}

// faultRemedy says what a person can do about a modem that takes no texts.
func faultRemedy(err error) string {
	r, ok := errors.AsType[*at.ResultError](err)
	if !ok {
		return "see that it has power, or restart it"
	}
	switch {
	case r.Kind == at.CMS && r.Code == 330:
		return "set service_centre to the number that the SIM card's provider names"
	case r.Kind == at.CMS && r.Code == 322:
		return "its memory is full; delete texts from it, or set memory to another one"
	case r.Kind == at.CMS && r.Code >= 310 && r.Code <= 318, r.Kind == at.CME && r.Code >= 10 && r.Code <= 18:
		return "see to its SIM card"
	}
	return "restart it; if it stays so, try the SIM card in a phone"
}
