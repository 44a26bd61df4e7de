// Package metrics shows what the service measures, in the form that Prometheus
// reads. It counts nothing itself: it asks when somebody asks.
//
// Every name begins with "postel_". docs/metrics.md lists them.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/postel-mail/postel/smsengine"
)

// Options are where the figures come from.
type Options struct {
	Version  string
	Gateways func(ctx context.Context) map[string]smsengine.GatewayState
	Counts   func(ctx context.Context) (map[smsengine.Kind]map[smsengine.State]int, error)
	Log      *slog.Logger // nil: slog.Default()
}

// patience bounds how long one question may take: who scrapes comes again.
const patience = 10 * time.Second

// New makes the page. What cannot be found out is left out of it and logged, so
// that one sick part hides no other.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collector{o},
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, ErrorLog: errorLog{o.Log}})
}

type errorLog struct{ log *slog.Logger }

func (l errorLog) Println(v ...any) { l.log.Warn("cannot show a metric", "err", v) }

// collector asks for all figures at each scrape. It describes nothing before, for
// what gateways measure is their own affair.
type collector struct{ o Options }

func (collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s := sheet{out}
	s.gauge("build_info", "The version that runs.", 1, label{"version", c.o.Version})
	counts, err := c.o.Counts(ctx)
	if err != nil {
		c.o.Log.Warn("cannot count the messages for metrics", "err", err)
	}
	for kind, states := range counts {
		for state, n := range states {
			s.gauge("messages", "Messages in the database, by what they are and how far they are.", float64(n),
				label{"kind", string(kind)}, label{"state", string(state)})
		}
	}
	for id, g := range c.o.Gateways(ctx) {
		s.gateway(id, g)
	}
}
