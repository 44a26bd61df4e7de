package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/postel-mail/postel/smsengine"
)

// maxAlarms bounds the alarms of a gateway that are shown: webhooks have one each.
const maxAlarms = 100

// gateway shows what one gateway is and did.
func (s sheet) gateway(id string, g smsengine.GatewayState) {
	of, t := label{"gateway", id}, g.Traffic
	s.gauge("gateway_ready", "Whether the gateway can send, 1 or 0.", truth(g.Ready), of)
	s.gauge("gateway_under_way", "Attempts under way.", float64(t.UnderWay), of)
	s.counter("gateway_sent_total", "Parts that the far side took.", t.Sent, of)
	s.counter("gateway_deferred_total", "Attempts that failed for now.", t.Deferred, of)
	s.counter("gateway_refused_total", "Messages that failed for good.", t.Refused, of)
	s.counter("gateway_unsure_total", "Messages that may have left.", t.Unsure, of)
	s.counter("gateway_received_total", "Parts from phones.", t.Received, of)
	s.counter("gateway_receipts_total", "Reports of the network on what was sent.", t.Receipts, of)
	s.latency(t.Latency, of)
	for _, a := range g.Alarms[:min(len(g.Alarms), maxAlarms)] {
		s.gauge("gateway_alarm", "1 while the alarm lasts.", 1, of, label{"alarm", a.Name})
	}
	for _, r := range g.Readings {
		s.reading(r, of)
	}
}

func (s sheet) latency(l smsengine.Latency, of label) {
	h := smsengine.Histogram{Counts: l.Counts[:], Sum: l.Sum.Seconds()}
	for _, bound := range smsengine.LatencyBounds() {
		h.Bounds = append(h.Bounds, bound.Seconds())
	}
	s.histogram("gateway_send_seconds", "How long the attempts took that the far side took on.", h, of)
}

// reading shows what a gateway knows of itself. What is words has the value 1 and
// the words in a label.
func (s sheet) reading(r smsengine.Reading, of label) {
	const help = "What the gateway says of itself."
	ls := []label{of}
	if r.Of != "" {
		ls = append(ls, label{"of", r.Of})
	}
	switch r.Kind {
	case smsengine.Info:
		s.gauge("gateway_"+r.Name+"_info", help, 1, append(ls, label{"is", r.Text})...)
	case smsengine.Counted:
		s.put(prometheus.CounterValue, "gateway_"+r.Name, help, r.Value, ls)
	default:
		s.gauge("gateway_"+r.Name, help, r.Value, ls...)
	}
}
