package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/transport/listen"
	"github.com/postel-mail/postel/transport/metrics"
)

// page is what a scrape of a service with one modem shows.
func page(t *testing.T, counts error) string {
	t.Helper()
	return show(t, metrics.Options{
		Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
		Now:   func() time.Time { return noon },
		Ready: func(context.Context) map[string]bool { return map[string]bool{"store": false, "engine": true} },
		Waiting: func(context.Context) ([]smsengine.Waiting, error) {
			return []smsengine.Waiting{
				{Kind: smsengine.Text, State: smsengine.Ready, Gateway: "office", Messages: 3, Since: noon.Add(-time.Hour)},
				{Kind: smsengine.Text, State: smsengine.Held, Messages: 1, Since: noon.Add(time.Hour)},
			}, counts
		},
		Use: func(context.Context) (metrics.Use, error) {
			return metrics.Use{Day: 71, DayLimit: 1000, Accounts: []metrics.Account{
				{Name: "shop", Used: 61, Limit: 100, LastSent: noon}, {Name: "alerts", Used: 0},
				{Name: "john@example.org", Used: 9, Limit: 10, LastSent: noon.Add(-time.Hour)},
				{Name: "mary@example.org", Used: 1, Limit: 10, LastSent: noon}, {Name: "idle@example.org"},
			}}, counts
		},
		Store: func() smsengine.StoreFigures {
			f := smsengine.StoreFigures{
				Commits: smsengine.NewHistogram(.001, .01), Changes: smsengine.NewHistogram(1, 10),
				Failed: 2, Database: 4096, Journal: 512, Free: 1 << 30,
			}
			for _, v := range []float64{.0005, .001, .002, 7} {
				f.Commits.Add(v)
				f.Changes.Add(2)
			}
			return f
		},
		Doors: func() []metrics.Door {
			return []metrics.Door{{
				Name: "http", Figures: listen.Figures{Open: 3, Taken: 40, Full: 5, Strangers: 6},
				HTTP: &metrics.HTTP{Requests: map[string][5]uint64{"/sms/": {0, 20, 0, 4, 1}, "": {0, 0, 0, 9, 0}}, Limited: 7, Crowded: 8},
			}}
		},
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
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// show is one scrape.
func show(t *testing.T, o metrics.Options) string {
	t.Helper()
	h := metrics.New(o)
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
		`postel_build_info{goversion="` + runtime.Version() + `",version="1.2.3"} 1`,
		`postel_ready{check="store"} 0`,
		`postel_ready{check="engine"} 1`,
		`postel_queue_messages{gateway="office",kind="text",state="ready"} 3`,
		`postel_queue_oldest_seconds{gateway="office",kind="text",state="ready"} 3600`,
		`postel_queue_oldest_seconds{gateway="",kind="text",state="held"} 0`,
		`postel_site_day_used 71`,
		`postel_site_day_limit 1000`,
		`postel_account_month_used{account="shop"} 61`,
		`postel_account_month_limit{account="shop"} 100`,
		`postel_account_month_used{account="alerts"} 0`,
		`postel_account_last_sent_timestamp_seconds{account="shop"} 1.7954352e+09`,
		`postel_users_month_used{domain="example.org"} 10`,
		`postel_users_sending{domain="example.org"} 2`,
		`postel_users_near_limit{domain="example.org"} 1`,
		`postel_users_last_sent_timestamp_seconds{domain="example.org"} 1.7954352e+09`,
		`postel_store_commit_seconds_bucket{le="0.001"} 2`,
		`postel_store_commit_seconds_bucket{le="0.01"} 3`,
		`postel_store_commit_seconds_bucket{le="+Inf"} 4`,
		`postel_store_commit_changes_sum 8`,
		`postel_store_failed_commits_total 2`,
		`postel_store_database_bytes 4096`,
		`postel_store_wal_bytes 512`,
		`postel_store_free_bytes 1.073741824e+09`,
		`postel_door_connections{door="http"} 3`,
		`postel_door_accepted_total{door="http"} 40`,
		`postel_door_refused_total{door="http",reason="full"} 5`,
		`postel_door_refused_total{door="http",reason="stranger"} 6`,
		`postel_door_refused_total{door="http",reason="client"} 8`,
		`postel_door_limited_total{door="http"} 7`,
		`postel_http_requests_total{class="2xx",door="http",mount="/sms/"} 20`,
		`postel_http_requests_total{class="5xx",door="http",mount="/sms/"} 1`,
		`postel_http_requests_total{class="4xx",door="http",mount="none"} 9`,
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

// An address is a person, an account may be: of people there is one figure for
// all of a domain.
func TestNobodyIsNamed(t *testing.T) {
	for line := range strings.Lines(page(t, nil)) {
		if strings.Contains(line, "john") || strings.HasPrefix(line, "postel_") && strings.Contains(line, "@") {
			t.Errorf("the page has %s", line)
		}
	}
}

// However many accounts there are, there are only so many lines: of those that
// used most.
func TestBounded(t *testing.T) {
	got := show(t, metrics.Options{Use: func(context.Context) (u metrics.Use, _ error) {
		for i := range 3000 {
			u.Accounts = append(u.Accounts, metrics.Account{Name: fmt.Sprint("a", i), Used: i}, metrics.Account{Name: fmt.Sprintf("x@d%d", i), Used: i})
		}
		return u, nil
	}})
	for _, want := range []string{
		`postel_accounts_left_out{of="accounts"} 2000`, `postel_accounts_left_out{of="domains"} 2000`,
		`postel_account_month_used{account="a2999"} 2999`, `postel_account_month_used{account="a2000"} 2000`,
		`postel_users_month_used{domain="d2000"} 2000`,
	} {
		if !strings.Contains(got, "\n"+want+"\n") {
			t.Errorf("no line says %s", want)
		}
	}
	if n := strings.Count(got, "\npostel_account_month_used{"); n != 1000 {
		t.Errorf("%d accounts", n)
	}
}

// A driver that breaks down while it is asked takes neither the service with it
// nor what was shown before.
func TestPanic(t *testing.T) {
	got := show(t, metrics.Options{
		Log:      slog.New(slog.DiscardHandler),
		Gateways: func(context.Context) map[string]smsengine.GatewayState { panic("on purpose") },
	})
	if !strings.Contains(got, "postel_build_info") {
		t.Errorf("the page is\n%s", got)
	}
}

// A database that cannot be asked hides nothing else.
func TestOneSickPartHidesNoOther(t *testing.T) {
	got := page(t, errors.New("hush"))
	if !strings.Contains(got, "postel_gateway_ready") || strings.Contains(got, "hush") {
		t.Errorf("the page is\n%s", got)
	}
}
