package webhook

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// alarmAfter is how long a webhook may fail until somebody is told.
const alarmAfter = 10 * time.Minute

// Check tells which webhooks fail. The gateway is always ready: it has others to
// call.
func (g *Gateway) Check(context.Context) (smsengine.Health, error) {
	h := smsengine.Health{Ready: true, Text: "calls webhooks"}
	failing, putOff := g.turns.failing(func(name string) bool {
		_, there := g.o.Webhook(name)
		return there
	})
	now := g.o.Now()
	for _, f := range failing {
		if now.Sub(f.since) < alarmAfter {
			continue
		}
		h.Alarms = append(h.Alarms, smsengine.Alarm{
			Name: f.name, Since: f.since, Text: fmt.Sprintf("webhook %s %s, since %s; its calls wait for up to %d days",
				f.name, f.reason, f.since.UTC().Format(time.DateTime), smsengine.CallLife/(24*time.Hour)),
		})
	}
	if len(failing) > 0 {
		h.Text += fmt.Sprintf(", %d of which fail", len(failing))
	}
	h.Readings = []smsengine.Reading{
		{Name: "webhooks_failing", Kind: smsengine.Gauge, Value: float64(len(failing))},
		{Name: "put_off_total", Kind: smsengine.Counted, Value: float64(putOff)},
	}
	return h, nil
}

// failure is a webhook that fails.
type failure struct {
	name, reason string
	since        time.Time
}

// failing gives those webhooks by name, and how many calls were put off. It
// forgets those that are no longer there, or were not called for so long that
// nobody knows.
func (t *turns) failing(there func(name string) bool) (all []failure, putOff uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, e := range t.all {
		switch {
		case len(e.underWay) > 0:
		case !there(name), t.now().Sub(e.used) > smsengine.CallLife:
			delete(t.all, name)
			continue
		}
		if e.reason != "" {
			all = append(all, failure{name, e.reason, e.since})
		}
	}
	slices.SortFunc(all, func(a, b failure) int { return strings.Compare(a.name, b.name) })
	return all, t.putOff
}
