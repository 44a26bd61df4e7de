package testbed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed/packages"
)

// Promtool runs the tool that comes with Prometheus in a folder, and gives what
// it says.
func Promtool(t testing.TB, dir string, arg ...string) (string, error) {
	t.Helper()
	line := append(tool(t, packages.Prometheus, "usr/bin/promtool"), arg...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// PromtoolCommand is the beginning of a command line that runs the tool.
func PromtoolCommand(t testing.TB) string {
	t.Helper()
	return strings.Join(tool(t, packages.Prometheus, "usr/bin/promtool"), " ")
}

// PrometheusConfig is the configuration that Debian's Prometheus begins with.
func PrometheusConfig(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(unpacked(t, packages.Prometheus) + "/etc/prometheus/prometheus.yml")
	if err != nil {
		t.Fatal("testbed: ", err)
	}
	return string(b)
}

// Prometheus is one that runs on the machine itself, for the time of a test.
type Prometheus struct {
	t   testing.TB
	url string
	out bytes.Buffer
}

// StartPrometheus starts one with a configuration file.
func StartPrometheus(t testing.TB, config string) *Prometheus {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal("testbed: ", err)
	}
	address := l.Addr().String()
	l.Close()
	p := &Prometheus{t: t, url: "http://" + address}
	line := append(tool(t, packages.Prometheus, "usr/bin/prometheus"),
		"--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+address)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal("testbed: ", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("the end of Prometheus's log:\n%s", p.out.Bytes()[max(0, p.out.Len()-4000):])
		}
	})
	for {
		if res, err := http.Get(p.url + "/-/ready"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return p
			}
		}
		select {
		case <-ended:
			t.Fatalf("testbed: Prometheus ended:\n%s", p.out.String())
		case <-t.Context().Done():
			t.Fatal("testbed: Prometheus does not answer")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Sample is one of the answers to a query: its labels, and its value as
// Prometheus writes it.
type Sample struct {
	Labels map[string]string
	Value  string
}

// Query asks an expression. The error is what Prometheus says of one that it does
// not understand.
func (p *Prometheus) Query(expr string) ([]Sample, error) {
	var answer struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	if err := p.get("/api/v1/query?query="+url.QueryEscape(expr), &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	var all []Sample
	for _, r := range answer.Result {
		all = append(all, Sample{r.Metric, fmt.Sprint(r.Value[1])})
	}
	return all, nil
}

// Alert is one that Prometheus has pending or firing.
type Alert struct {
	Labels, Annotations map[string]string
	State               string // "pending", "firing"
}

// Alerts gives those that there are now.
func (p *Prometheus) Alerts() ([]Alert, error) {
	var answer struct{ Alerts []Alert }
	err := p.get("/api/v1/alerts", &answer)
	return answer.Alerts, err
}

// get asks the API for something.
func (p *Prometheus) get(path string, into any) error {
	res, err := http.Get(p.url + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("Prometheus says %s", answer.Error)
	}
	return nil
}
