package httpgw

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// Names of alarms.
const (
	alarmCredit      = "credit"
	alarmCredentials = "credentials"
	alarmUnreachable = "unreachable"
)

// failedTries is how often in a row a provider has to fail, with ever longer
// rests between, until somebody is told: it takes a minute.
const failedTries = 6

// trouble is what goes on until the provider works again.
type trouble struct {
	alarm string // "": nothing that a person could do about
	since time.Time
	rests int
}

// goesOn counts a rest.
func (t *trouble) goesOn(v verdict, now time.Time) {
	if t.alarm != v.alarm || t.rests == 0 {
		*t = trouble{alarm: v.alarm, since: now}
	}
	t.rests++
}

// alarms are those of a provider in trouble, whose last word was reason.
func (t trouble) alarms(provider, reason string) []smsengine.Alarm {
	text := ""
	switch t.alarm {
	case alarmCredit:
		text = fmt.Sprintf("%s has no credit for us: pay there; texts wait, and go on by themselves", provider)
	case alarmCredentials:
		text = fmt.Sprintf("%s refuses the credentials: look at values and secrets_file, and whether the account is active; "+
			"texts wait, and after a change Postel has to be restarted", provider)
	case alarmUnreachable:
		if t.rests >= failedTries {
			text = fmt.Sprintf("%s %s, again and again: see whether it has an outage, and look at this machine's network, proxy and ca_file; "+
				"texts wait", provider, reason)
		}
	}
	if text == "" {
		return nil
	}
	return []smsengine.Alarm{{Name: t.alarm, Text: text, Since: t.since}}
}

// readings are what the gateway measures besides what the engine does.
func (g *Gateway) readings() []smsengine.Reading {
	g.rest.mu.Lock()
	defer g.rest.mu.Unlock()
	resting := smsengine.Reading{Name: "resting", Kind: smsengine.Gauge}
	left := smsengine.Reading{Name: "rest_seconds", Kind: smsengine.Gauge}
	if g.rest.reason != "" {
		resting.Value = 1
		left.Value = max(0, time.Until(g.rest.until).Seconds())
	}
	return []smsengine.Reading{
		{Name: "provider", Kind: smsengine.Info, Text: g.provider.Name},
		{Name: "requests_total", Kind: smsengine.Counted, Value: float64(g.requests.Load())},
		resting, left,
		{Name: "rests_total", Kind: smsengine.Counted, Value: float64(g.rest.era)},
	}
}
