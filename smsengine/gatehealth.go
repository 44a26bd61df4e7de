package smsengine

import (
	"fmt"
	"strings"
	"time"
)

// tell adds to a gateway's health what its gate does.
func (g *gate) tell(now time.Time, h *Health) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var words []string
	if b := &g.breaker; !b.works() {
		words = append(words, g.resting(now))
		h.Readings = append(h.Readings, Reading{Name: "resting", Kind: Gauge, Value: 1})
		if b.rests > 1 { // the first text that tried failed as well
			h.Alarms = append(h.Alarms, Alarm{
				Name: "failing", Since: b.since,
				Text: fmt.Sprintf("It fails again and again, so that texts go over other gateways or wait: %s (%s).", b.why.Text, b.why.Code),
			})
		}
	}
	if !g.isOpen(now) {
		words = append(words, "outside its hours until "+g.clock(now, g.hours.Opens(now.In(g.zone))))
	}
	if d := g.day; d != nil {
		h.Readings = append(h.Readings,
			Reading{Name: "day_parts", Kind: Gauge, Value: float64(d.used)}, Reading{Name: "day_limit_parts", Kind: Gauge, Value: float64(d.most)})
		if d.full(now) {
			words = append(words, fmt.Sprintf("has sent its %d parts of this day", d.most))
		}
	}
	h.Ready = h.Ready && len(words) == 0
	if g.ratedAt(now, false).After(now) {
		words = append(words, "at its rate")
	}
	if h.Text != "" {
		words = append(words, h.Text)
	}
	h.Text = strings.Join(words, "; ")
}

// resting says how long the gateway rests, and why.
func (g *gate) resting(now time.Time) string {
	b := &g.breaker
	what := "one text tries now"
	if now.Before(b.until) {
		what = "rests until " + g.clock(now, b.until)
	}
	return fmt.Sprintf("%s, after failures in a row: %s (%s)", what, b.why.Text, b.why.Code)
}

// clock is a time for people, with its day if it is another.
func (g *gate) clock(now, t time.Time) string {
	now, t = now.In(g.zone), t.In(g.zone)
	if now.YearDay() == t.YearDay() && now.Year() == t.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("Mon 15:04")
}
