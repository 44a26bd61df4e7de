package modem

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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
	f := &s.facts
	var all []smsengine.Reading
	gauge := func(name string, value float64, unit string) {
		text := ""
		if unit != "" {
			text = fmt.Sprintf("%g %s", value, unit)
		}
		all = append(all, smsengine.Reading{Name: name, Kind: smsengine.Gauge, Value: value, Text: text})
	}
	flag := func(name string, yes bool) {
		r := smsengine.Reading{Name: name, Kind: smsengine.Gauge, Text: "no"}
		if yes {
			r.Value, r.Text = 1, "yes"
		}
		all = append(all, r)
	}
	info := func(name, text string) {
		if text != "" {
			all = append(all, smsengine.Reading{Name: name, Kind: smsengine.Info, Text: text})
		}
	}
	if dBm, ok := f.signal.DBm(); ok {
		percent, _ := f.signal.Percent()
		gauge("signal_dbm", float64(dBm), "dBm")
		gauge("signal_percent", float64(max(percent, 0)), "%")
	}
	flag("registered", f.line != nil && f.network.Status.Registered())
	flag("roaming", f.line != nil && f.network.Status.Roams())
	info("operator", f.operator.Name)
	info("network", accessName(f.operator.Access, f.network.Access))
	info("sim", strings.ToLower(string(f.card)))
	if f.tries >= 0 {
		gauge("pin_tries_left", float64(f.tries), "")
	}
	for _, name := range slices.Sorted(maps.Keys(s.memories)) {
		m := s.memories[name]
		if m.used >= 0 {
			all = append(all, smsengine.Reading{Name: "storage_used", Of: name, Kind: smsengine.Gauge, Value: float64(m.used)})
		}
		if m.total > 0 {
			all = append(all, smsengine.Reading{Name: "storage_total", Of: name, Kind: smsengine.Gauge, Value: float64(m.total)})
		}
	}
	count := func(name string, n int) {
		all = append(all, smsengine.Reading{Name: name, Kind: smsengine.Counted, Value: float64(n)})
	}
	count("reopened_total", f.reopened)
	count("restarted_total", f.restarted)
	if f.hasBalance {
		gauge("balance", f.balance, "")
	}
	info("manufacturer", f.maker)
	info("model", f.model)
	info("firmware", f.firmware)
	info("imei", f.imei)
	info("iccid", f.iccid)
	info("port", s.device)
	if !f.seen.IsZero() {
		all = append(all, smsengine.Reading{
			Name: "last_seen_timestamp_seconds", Kind: smsengine.Gauge, Value: float64(f.seen.Unix()),
			Text: f.seen.Format("2006-01-02 15:04:05 -0700"),
		})
	}
	return all
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
