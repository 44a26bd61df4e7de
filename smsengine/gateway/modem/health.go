package modem

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// health is the state for people and metrics.
func (s *state) health() smsengine.Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := smsengine.Health{Ready: s.line != nil, Text: s.situation(), Readings: s.readings()}
	for _, name := range slices.Sorted(maps.Keys(s.alarms)) {
		h.Alarms = append(h.Alarms, s.alarms[name])
	}
	return h
}

// situation is how the modem is, in one line. The caller holds s.mu.
func (s *state) situation() string {
	f := &s.facts
	if f.line == nil {
		return f.phase
	}
	words := []string{f.where()}
	if percent, ok := f.signal.Percent(); ok {
		words = append(words, fmt.Sprintf("signal %d %%", max(percent, 0)))
	}
	if why := s.hindrance(); f.network.Status.Registered() && why != "" {
		words = append(words, why)
	}
	return strings.Join(words, ", ")
}

// where says in which network it is.
func (f *facts) where() string {
	switch {
	case !f.networks:
		return "ready, network not known yet"
	case f.network.Status.Registered() && f.operator.Name != "":
		return f.network.Status.String() + " at " + f.operator.Name
	}
	return f.network.Status.String()
}

// readings are what is known, as numbers and words. The caller holds s.mu.
func (s *state) readings() []smsengine.Reading {
	f, r := &s.facts, readings{}
	if dBm, ok := f.signal.DBm(); ok {
		percent, _ := f.signal.Percent()
		r.gauge("signal_dbm", float64(dBm), "dBm")
		r.gauge("signal_percent", float64(max(percent, 0)), "%")
	}
	r.flag("registered", f.line != nil && f.network.Status.Registered())
	r.flag("roaming", f.line != nil && f.network.Status.Roams())
	r.info("operator", f.operator.Name)
	r.info("network", accessName(f.operator.Access, f.network.Access))
	r.info("sim", strings.ToLower(string(f.card)))
	if f.tries >= 0 {
		r.gauge("pin_tries_left", float64(f.tries), "")
	}
	for _, name := range slices.Sorted(maps.Keys(s.memories)) {
		r.memory(name, s.memories[name])
	}
	r.count("reopened_total", f.reopened)
	r.count("restarted_total", f.restarted)
	if f.hasBalance {
		r.gauge("balance", f.balance, "")
	}
	r.info("manufacturer", f.maker)
	r.info("model", f.model)
	r.info("firmware", f.firmware)
	r.info("imei", f.imei)
	r.info("iccid", f.iccid)
	r.info("port", s.device)
	r.time("last_seen_timestamp_seconds", f.seen)
	return r
}

// readings are collected.
type readings []smsengine.Reading

func (r *readings) gauge(name string, value float64, unit string) {
	one := smsengine.Reading{Name: name, Kind: smsengine.Gauge, Value: value}
	if unit != "" {
		one.Text = fmt.Sprintf("%g %s", value, unit)
	}
	*r = append(*r, one)
}

func (r *readings) flag(name string, yes bool) {
	one := smsengine.Reading{Name: name, Kind: smsengine.Gauge, Text: "no"}
	if yes {
		one.Value, one.Text = 1, "yes"
	}
	*r = append(*r, one)
}

func (r *readings) count(name string, n int) {
	*r = append(*r, smsengine.Reading{Name: name, Kind: smsengine.Counted, Value: float64(n)})
}

// info is left out where nothing is known.
func (r *readings) info(name, text string) {
	if text != "" {
		*r = append(*r, smsengine.Reading{Name: name, Kind: smsengine.Info, Text: text})
	}
}

func (r *readings) time(name string, t time.Time) {
	if !t.IsZero() {
		*r = append(*r, smsengine.Reading{Name: name, Kind: smsengine.Gauge, Value: float64(t.Unix()), Text: t.Format(time.DateTime + " -0700")})
	}
}

func (r *readings) memory(name string, u usage) {
	if u.used >= 0 {
		*r = append(*r, smsengine.Reading{Name: "storage_used", Of: name, Kind: smsengine.Gauge, Value: float64(u.used)})
	}
	if u.total > 0 {
		*r = append(*r, smsengine.Reading{Name: "storage_places", Of: name, Kind: smsengine.Gauge, Value: float64(u.total)})
	}
}

// accessName names the access technology that the first one of several tells (3GPP TS 27.007 §7.3).
func accessName(told ...int) string {
	for _, access := range told {
		switch access {
		case 0, 1, 3:
			return "GSM"
		case 2, 4, 5, 6:
			return "UMTS"
		case 7, 8, 9:
			return "LTE"
		}
	}
	return ""
}
