package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/postel-mail/postel/smsengine"
)

// sheet is a scrape in the making.
type sheet struct{ out chan<- prometheus.Metric }

// label is one label, name and value.
type label [2]string

func (s sheet) gauge(name, help string, v float64, ls ...label) {
	s.put(prometheus.GaugeValue, name, help, v, ls)
}

func (s sheet) counter(name, help string, v uint64, ls ...label) {
	s.put(prometheus.CounterValue, name, help, float64(v), ls)
}

func (s sheet) put(t prometheus.ValueType, name, help string, v float64, ls []label) {
	d, values := desc(name, help, ls)
	m, err := prometheus.NewConstMetric(d, t, v, values...)
	if err != nil {
		m = prometheus.NewInvalidMetric(d, err)
	}
	s.out <- m
}

func desc(name, help string, ls []label) (*prometheus.Desc, []string) {
	names, values := make([]string, len(ls)), make([]string, len(ls))
	for i, l := range ls {
		names[i], values[i] = l[0], l[1]
	}
	return prometheus.NewDesc("postel_"+name, help, names, nil), values
}

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
	for _, a := range g.Alarms {
		s.gauge("gateway_alarm", "1 while the alarm lasts.", 1, of, label{"alarm", a.Name})
	}
	for _, r := range g.Readings {
		s.reading(r, of)
	}
}

func (s sheet) latency(l smsengine.Latency, of label) {
	buckets, total := make(map[float64]uint64), uint64(0)
	for i, bound := range smsengine.LatencyBounds() {
		total += l.Counts[i]
		buckets[bound.Seconds()] = total
	}
	total += l.Counts[len(l.Counts)-1]
	d, values := desc("gateway_send_seconds", "How long the attempts took that the far side took on.", []label{of})
	s.out <- prometheus.MustNewConstHistogram(d, total, l.Sum.Seconds(), buckets, values...)
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

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
