// Package metrics shows what the service measures, in the form that Prometheus
// reads. It counts nothing itself: it asks when somebody asks, and what it asks
// answers from memory or by an index.
//
// Every name begins with "postel_". docs/metrics.md lists them. Labels bear no
// phone numbers, texts or mail addresses, and each has a bounded number of values
// (accounts.go).
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/postel-mail/postel/smsengine"
)

// Options are where the figures come from. What is nil is left out.
type Options struct {
	Version  string
	Ready    func(ctx context.Context) map[string]bool // whether all is well, by what was looked at
	Counts   func(ctx context.Context) (map[smsengine.Kind]map[smsengine.State]int, error)
	Waiting  func(ctx context.Context) ([]smsengine.Waiting, error)
	Gateways func(ctx context.Context) map[string]smsengine.GatewayState
	Use      func(ctx context.Context) (Use, error)
	Store    func() smsengine.StoreFigures
	Doors    func() []Door
	Log      *slog.Logger     // nil: slog.Default()
	Now      func() time.Time // nil: time.Now
}

// patience bounds how long one question may take, most how many scrapes there are
// at a time: who scrapes comes again.
const (
	patience = 10 * time.Second
	most     = 4
)

// New makes the page. What cannot be found out is left out of it and logged, so
// that one sick part hides no other.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collector{o},
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: errorLog{o.Log}, MaxRequestsInFlight: most,
	})
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
	defer func() { // a goroutine of the registry, where a panic would end the service
		if trouble := recover(); trouble != nil {
			c.o.Log.Error("the metrics are incomplete", "trouble", trouble, "stack", string(debug.Stack()))
		}
	}()
	s := sheet{out}
	s.gauge("build_info", "The version that runs, and the Go that it was built with.", 1, label{"version", c.o.Version}, label{"goversion", runtime.Version()})
	if c.o.Ready != nil {
		for check, ok := range c.o.Ready(ctx) {
			s.gauge("ready", "Whether it is well, 1 or 0: where all are, messages are taken.", truth(ok), label{"check", check})
		}
	}
	c.messages(ctx, s)
	if c.o.Gateways != nil {
		for id, g := range c.o.Gateways(ctx) {
			s.gateway(id, g)
		}
	}
	if c.o.Use != nil {
		u, err := c.o.Use(ctx)
		c.missing("what accounts have used", err)
		if err == nil {
			s.use(u)
		}
	}
	if c.o.Store != nil {
		s.store(c.o.Store())
	}
	if c.o.Doors != nil {
		for _, d := range c.o.Doors() {
			s.door(d)
		}
	}
}

// messages shows how many there are, and which of them wait.
func (c collector) messages(ctx context.Context, s sheet) {
	if c.o.Counts != nil {
		counts, err := c.o.Counts(ctx)
		c.missing("the messages", err)
		for kind, states := range counts {
			for state, n := range states {
				s.gauge("messages", "Messages in the database, by what they are and how far they are.", float64(n),
					label{"kind", string(kind)}, label{"state", string(state)})
			}
		}
	}
	if c.o.Waiting == nil {
		return
	}
	waiting, err := c.o.Waiting(ctx)
	c.missing("what waits", err)
	for _, w := range waiting {
		of := []label{{"kind", string(w.Kind)}, {"state", string(w.State)}, {"gateway", w.Gateway}}
		s.gauge("queue_messages", "Messages that are not at their end, by the gateway that they wait for.", float64(w.Messages), of...)
		s.gauge("queue_oldest_seconds", "Age of the oldest of them; of a text for later, since when it is due.",
			max(0, c.o.Now().Sub(w.Since).Seconds()), of...)
	}
}

// missing logs why figures are left out.
func (c collector) missing(what string, err error) {
	if err != nil {
		c.o.Log.Warn("figures are left out of the metrics", "of", what, "err", err)
	}
}
