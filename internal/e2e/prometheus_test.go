package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/internal/testbed/modem"
)

// Prometheus scrapes the service over HTTPS with a token. An alert of ours fires
// while a provider refuses our password, another while the disk is full, and both
// stop. Whatever the dashboard, the alerts and the documentation name is in such a
// scrape, and the other way round.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.observe()
	c, err := w.session()
	if err != nil {
		t.Fatal(err)
	}
	if answers, err := deliver(c, write("m1", phone(1), "", "one"), phone(1)); err != nil || code(answers[phone(1)]) != 250 {
		t.Fatalf("%v %v", answers, err)
	}
	w.run("send", alice, "two")
	w.try("gateway", "test", "provider", "--to", alice, "--wait", "1s")

	w.until("an alarm of the provider", w.fires("PostelGatewayAlarm", "gateway", "provider"))
	t.Run("names", w.names)
	t.Run("dashboard", w.dashboard)
	w.provider.well.Store(true)
	w.until("the end of the alarm", w.quiet("PostelGatewayAlarm"))

	w.limitFiles(4096)
	w.until("no room on the disk", func() error {
		if out, err := w.try("send", alice, strings.Repeat("three ", 100)); err == nil {
			return fmt.Errorf("a text was taken: %s", out)
		}
		return nil
	})
	if status, body := w.readyz(); status != 503 || !regexp.MustCompile(`(?m)^store +[a-z]`).MatchString(body) || strings.Contains(body, "store    ok") {
		t.Errorf("with the disk full: %d\n%s", status, body)
	}
	w.until("not ready", w.fires("PostelNotReady", "check", "store"))
	w.limitFiles(0)
	w.until("ready again", w.quiet("PostelNotReady"))
	if status, body := w.readyz(); status != 200 {
		t.Errorf("with room again: %d\n%s", status, body)
	}
}

// While the service ends, its listener for programs still says so.
func TestReadyWhileEnding(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	if status, body := w.readyz(); status != 200 {
		t.Fatalf("%d\n%s", status, body)
	}
	_ = syscall.Kill(w.pid, syscall.SIGTERM)
	w.until("the end to be told", func() error {
		if status, body := w.readyz(); status != 503 || !strings.Contains(body, "service  it is ending\n") {
			return fmt.Errorf("%d\n%s", status, body)
		}
		return nil
	})
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
	w.cmd = nil
}

// watched is a service with a gateway of each kind, and who watches over it.
type watched struct {
	*postel
	client     *program
	provider   *moody
	token      string
	prometheus *testbed.Prometheus // nil until observe
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{postel: newDirect(t, "monthly_limit = 10\n", ""), provider: &moody{}}
	s := httptest.NewServer(w.provider)
	t.Cleanup(s.Close)
	m := modem.Start(t, modem.EC25, modem.Options{})
	w.edit("daily_ceiling = 0", "daily_ceiling = 1000")
	port := strings.TrimPrefix(freePort(t), "127.0.0.1:")
	w.certify(1)
	w.client = w.program("https://localhost:" + port)
	if err := os.WriteFile(filepath.Join(w.dir, "secrets"), []byte("password=sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.edit("[mail]\n", fmt.Sprintf("[http]\nlisten = \"inet:127.0.0.1:%s\"\ncertificate = %q\nkey = %q\nshutdown_delay = \"2s\"\n[mail]\n",
		port, filepath.Join(w.dir, "cert.pem"), filepath.Join(w.dir, "key.pem")))
	w.edit("[[gateway]]\n", fmt.Sprintf(`[[gateway]]
id = "provider"
type = "http"
number = "+15555550101"
default_recipient = "mary@example.org"
[gateway.http]
provider = "kannel"
values = ["base=%s", "username=postel"]
secrets_file = %q
[[gateway]]
id = "pump"
type = "modem"
number = "+15555550102"
default_recipient = "mary@example.org"
[gateway.modem]
device = %q
[[gateway]]
`, s.URL, filepath.Join(w.dir, "secrets"), m.Path()))
	w.start()
	w.run("account", "add", "monitoring")
	w.token = regexp.MustCompile(`postel_\w+`).FindString(w.run("token", "new", "monitoring", "--scope", "metrics"))
	return w
}

// observe starts Prometheus with our alerts, which are in a hurry.
func (w *watched) observe() {
	w.t.Helper()
	rules, err := os.ReadFile("../../contrib/prometheus/postel.rules.yml")
	if err != nil {
		w.t.Fatal(err)
	}
	place(w.t, filepath.Join(w.dir, "postel.rules.yml"), regexp.MustCompile(`for: \d+m`).ReplaceAllString(string(rules), "for: 1s"))
	place(w.t, filepath.Join(w.dir, "token"), w.token)
	config := filepath.Join(w.dir, "prometheus.yml")
	place(w.t, config, fmt.Sprintf(`global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [postel.rules.yml]
scrape_configs:
  - job_name: postel
    scheme: https
    authorization: {credentials_file: token}
    tls_config: {ca_file: cert.pem}
    static_configs: [{targets: [%q]}]
`, strings.TrimPrefix(w.client.base, "https://")))
	w.prometheus = testbed.StartPrometheus(w.t, config)
}

// until waits for what may take as long as a provider is left alone.
func (w *watched) until(what string, condition func() error) {
	w.t.Helper()
	deadline := time.Now().Add(3 * patience)
	for err := condition(); err != nil; err = condition() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited for %s: %v", what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// fires is the condition that an alert with a label fires.
func (w *watched) fires(name, label, value string) func() error {
	return func() error {
		all, err := w.prometheus.Alerts()
		for _, a := range all {
			if a.Labels["alertname"] == name && a.Labels[label] == value && a.State == "firing" {
				return nil
			}
		}
		return fmt.Errorf("there are %+v, %v", all, err)
	}
}

// quiet is the condition that an alert does not fire.
func (w *watched) quiet(name string) func() error {
	return func() error {
		all, err := w.prometheus.Alerts()
		for _, a := range all {
			if a.Labels["alertname"] == name {
				err = fmt.Errorf("there is %+v", a)
			}
		}
		return err
	}
}

func (w *watched) readyz() (status int, body string) {
	return w.client.do(http.MethodGet, "/readyz", "")
}

// try runs a command that may fail.
func (w *watched) try(args ...string) (string, error) {
	w.t.Helper()
	path, err := binary()
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := exec.Command(path, append(args, "-c", w.config)...).CombinedOutput()
	return string(out), err
}

// names compares what is named with what a scrape has.
func (w *watched) names(t *testing.T) {
	status, page := w.client.do(http.MethodGet, "/metrics", "", "Authorization", "Bearer "+w.token)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, page)
	}
	problems, err := promlint.New(strings.NewReader(page)).Lint()
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "postel_") {
			err = errors.Join(err, fmt.Errorf("%s: %s", p.Metric, p.Text))
		}
	}
	if err != nil {
		t.Error(err)
	}
	series, scraped := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^postel_\w+`).FindAllString(page, -1) {
		series[m] = true
		scraped[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(m, "")] = true
	}
	guide := read(t, "docs/metrics.md")
	others := guide + read(t, "docs/modem.md") + read(t, "docs/http-gateways.md")
	for name := range scraped {
		reading, ofGateway := strings.CutPrefix(name, "postel_gateway_")
		if !strings.Contains(guide, "\n| `"+name+"` |") && !(ofGateway && strings.Contains(others, "`"+reading+"`")) {
			t.Errorf("nobody documents %s", name)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(postel_\\w+)` \\|").FindAllStringSubmatch(guide, -1) {
		if !scraped[m[1]] {
			t.Errorf("a scrape has no %s, which docs/metrics.md names", m[1])
		}
	}
	for _, file := range []string{"contrib/grafana/postel.json", "contrib/prometheus/postel.rules.yml"} {
		for _, name := range regexp.MustCompile(`\bpostel_[a-z_]+`).FindAllString(read(t, file), -1) {
			if !series[name] {
				t.Errorf("a scrape has no %s, which %s names", name, file)
			}
		}
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "postel_") && (strings.Contains(line, "@") || strings.Contains(line, "+1555") || strings.Contains(line, "sesame")) {
			t.Errorf("a person or a secret is named in %s", line)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// dashboard asks Prometheus all that the dashboard asks.
func (w *watched) dashboard(t *testing.T) {
	var d struct {
		Panels []struct {
			ID         int
			Title      string
			Type       string
			GridPos    struct{ X, Y, W, H int }
			Datasource struct{ UID string }
			Targets    []struct {
				Expr       string
				Datasource struct{ UID string }
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, "contrib/grafana/postel.json")), &d); err != nil {
		t.Fatal(err)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("%s: its ID is another's", p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if taken[[2]int{x, y}] != "" || x >= 24 {
					t.Fatalf("%s lies on %s, or outside", p.Title, taken[[2]int{x, y}])
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if (p.Type == "row") != (len(p.Targets) == 0) || p.Type != "row" && p.Datasource.UID != "${datasource}" {
			t.Errorf("%s: %d targets of %s", p.Title, len(p.Targets), p.Datasource.UID)
		}
		answers := 0
		for _, q := range p.Targets {
			expr := strings.NewReplacer("$instance", ".*", "$gateway", ".*", "$job", ".*", "$__rate_interval", "1m").Replace(q.Expr)
			all, err := w.prometheus.Query(expr)
			if err != nil {
				t.Errorf("%s: %v", p.Title, err)
			}
			answers += len(all)
		}
		if p.Type != "row" && answers == 0 && !slices.Contains([]string{"Refused at the doors", "Requests over HTTP"}, p.Title) {
			t.Errorf("%s shows nothing", p.Title)
		}
	}
	if len(ids) < 30 {
		t.Errorf("it has %d panels", len(ids))
	}
}

// moody is a Kannel that refuses our password until it is well.
type moody struct{ well atomic.Bool }

func (m *moody) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if m.well.Load() {
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "0: Accepted for delivery")
		return
	}
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, "Authorization failed for sendsms\n")
}
