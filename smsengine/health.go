package smsengine

import (
	"context"
	"time"
)

// Checker is a Gateway that can tell how it is. It answers from memory: it is
// asked often, and for people who wait.
type Checker interface {
	Check(ctx context.Context) (Health, error)
}

// Health is a gateway's state for people and metrics.
type Health struct {
	Ready    bool      `json:"ready"`
	Text     string    `json:"text"` // "registered at Example Mobile, signal 70 %"
	Alarms   []Alarm   `json:"alarms,omitempty"`
	Readings []Reading `json:"readings,omitempty"`
}

// GatewayState is how a gateway is, and what went through it.
type GatewayState struct {
	Health
	Traffic Traffic `json:"traffic"`
}

// Alarm is what a person must look at: it does not go away by itself, or it is
// taking too long. The administrator gets a mail, and another when it is over.
type Alarm struct {
	Name  string    `json:"name"` // one word for one kind of trouble, "pin", by which it is known while it lasts
	Text  string    `json:"text"` // one line: what is wrong, and what to do
	Since time.Time `json:"since"`
}

// Reading is one thing that a gateway knows of itself. Gauges and counters have a
// Value; a Text is for people, and of an info all that there is.
type Reading struct {
	Name  string      `json:"name"`         // as metrics are called, with its unit: "signal_dbm", "reopened_total"
	Of    string      `json:"of,omitempty"` // what it is about, where there are several: a memory, "SM"
	Kind  ReadingKind `json:"kind"`
	Value float64     `json:"value"`
	Text  string      `json:"text,omitempty"` // "-71 dBm"; empty: the Value says it
}

// ReadingKind says how a Reading changes.
type ReadingKind string

// The kinds of a Reading.
const (
	Gauge   ReadingKind = "gauge"   // up and down
	Counted ReadingKind = "counter" // only up, from 0 at the start of the service
	Info    ReadingKind = "info"    // it is its Text
)

// Running reports whether messages are sent: Run has taken up what was there, and
// was not told to end.
func (e *Engine) Running() bool { return e.running.Load() }

// States asks every gateway how it is.
func (e *Engine) States(ctx context.Context) map[string]GatewayState {
	lanes := e.setting.Load().lanes
	all := make(map[string]GatewayState, len(lanes))
	for id, l := range lanes {
		s := GatewayState{Health: e.health(ctx, l), Traffic: l.meter.read()}
		s.Traffic.UnderWay = e.underWay(id)
		all[id] = s
	}
	return all
}

// health is what the gateway says of itself, and what its gate does.
func (e *Engine) health(ctx context.Context, l *lane) Health {
	h := l.health(ctx)
	l.gate.tell(e.cfg.Now(), &h)
	return h
}

func (l *lane) health(ctx context.Context) Health {
	if !l.working.Load() {
		return Health{Text: "begins when what is under way over the one before it has ended"}
	}
	c, ok := l.Gateway.(Checker)
	if !ok {
		return Health{Ready: isOpen(l.ready())}
	}
	h, err := c.Check(ctx)
	if err != nil {
		return Health{Text: StatusOf(err).Text}
	}
	return h
}
