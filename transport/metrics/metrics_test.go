package metrics_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/metrics"
)

// page is what a scrape of a service with one modem shows.
func page(t *testing.T, counts error) string {
	t.Helper()
	h := metrics.New(metrics.Options{
		Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
		Gateways: func(context.Context) map[string]smsengine.GatewayState {
			var l smsengine.Latency
			l.Counts[2], l.Counts[len(l.Counts)-1], l.Sum = 3, 1, 201*time.Second
			return map[string]smsengine.GatewayState{"office": {
				Health: smsengine.Health{
					Ready: true, Alarms: []smsengine.Alarm{{Name: "storage"}},
					Readings: []smsengine.Reading{
						{Name: "signal_dbm", Kind: smsengine.Gauge, Value: -71},
						{Name: "operator", Kind: smsengine.Info, Text: "Example \"Mobile\"\n"},
						{Name: "storage_used", Of: "SM", Kind: smsengine.Gauge, Value: 3},
						{Name: "storage_used", Of: "ME", Kind: smsengine.Gauge, Value: 0},
						{Name: "reopened_total", Kind: smsengine.Counted, Value: 2},
					},
				},
				Traffic: smsengine.Traffic{Sent: 4, Deferred: 5, Refused: 6, Unsure: 7, Received: 8, Receipts: 9, UnderWay: 1, Latency: l},
			}}
		},
		Counts: func(context.Context) (map[smsengine.Kind]map[smsengine.State]int, error) {
			return map[smsengine.Kind]map[smsengine.State]int{smsengine.Text: {smsengine.Ready: 3}}, counts
		},
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(w.Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("status %d, %v:\n%s", w.Code, err, body)
	}
	return string(body)
}

func TestPage(t *testing.T) {
	got := page(t, nil)
	for _, want := range []string{
		`postel_build_info{version="1.2.3"} 1`,
		`postel_messages{kind="text",state="ready"} 3`,
		`postel_gateway_ready{gateway="office"} 1`,
		`postel_gateway_under_way{gateway="office"} 1`,
		`postel_gateway_sent_total{gateway="office"} 4`,
		`postel_gateway_deferred_total{gateway="office"} 5`,
		`postel_gateway_refused_total{gateway="office"} 6`,
		`postel_gateway_unsure_total{gateway="office"} 7`,
		`postel_gateway_received_total{gateway="office"} 8`,
		`postel_gateway_receipts_total{gateway="office"} 9`,
		`postel_gateway_send_seconds_bucket{gateway="office",le="0.01"} 0`,
		`postel_gateway_send_seconds_bucket{gateway="office",le="0.025"} 3`,
		`postel_gateway_send_seconds_bucket{gateway="office",le="180"} 3`,
		`postel_gateway_send_seconds_bucket{gateway="office",le="+Inf"} 4`,
		`postel_gateway_send_seconds_sum{gateway="office"} 201`,
		`postel_gateway_alarm{alarm="storage",gateway="office"} 1`,
		`postel_gateway_signal_dbm{gateway="office"} -71`,
		`postel_gateway_operator_info{gateway="office",is="Example \"Mobile\"\n"} 1`,
		`postel_gateway_storage_used{gateway="office",of="SM"} 3`,
		`postel_gateway_storage_used{gateway="office",of="ME"} 0`,
		`postel_gateway_reopened_total{gateway="office"} 2`,
		`go_goroutines `,
	} {
		if !strings.Contains(got, "\n"+want) {
			t.Errorf("no line says %s", want)
		}
	}
	problems, err := promlint.New(strings.NewReader(got)).Lint()
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "postel_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// A database that cannot be asked hides nothing else.
func TestOneSickPartHidesNoOther(t *testing.T) {
	got := page(t, errors.New("disk"))
	if !strings.Contains(got, "postel_gateway_ready") || strings.Contains(got, "disk") {
		t.Errorf("the page is\n%s", got)
	}
}
