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

func (s sheet) histogram(name, help string, h smsengine.Histogram, ls ...label) {
	buckets, total := make(map[float64]uint64, len(h.Bounds)), uint64(0)
	for i, n := range h.Counts {
		total += n
		if i < len(h.Bounds) {
			buckets[h.Bounds[i]] = total
		}
	}
	d, values := desc(name, help, ls)
	m, err := prometheus.NewConstHistogram(d, total, h.Sum, buckets, values...)
	if err != nil {
		m = prometheus.NewInvalidMetric(d, err)
	}
	s.out <- m
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
