package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/internal/testbed"
)

// The guide's commands are run as they are printed, from the folder that has
// contrib, with Debian's prometheus.yml. What is played: /etc/prometheus and its
// group, systemctl, and the port.
func TestConnectPrometheus(t *testing.T) {
	t.Parallel()
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl")
	}
	p := newDirect(t, "", "")
	etc := filepath.Join(p.dir, "prometheus")
	config := filepath.Join(etc, "prometheus.yml")
	place(t, config, testbed.PrometheusConfig(t))
	address := freePort(t)
	guide := strings.NewReplacer("127.0.0.1:8027", address, "/etc/prometheus", etc, " -g prometheus ", " ").Replace(read(t, "docs/metrics.md"))
	if !strings.HasPrefix(fenced(guide, "toml")[0], "[http]\n") {
		t.Fatal("the guide's configuration is another")
	}
	p.edit("[mail]\n", fenced(guide, "toml")[0]+"[mail]\n")
	p.start()

	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	scrape := strings.ReplaceAll(read(t, "contrib/prometheus/scrape.yml"), "127.0.0.1:8027", address)
	scrape = strings.ReplaceAll(scrape, "/etc/prometheus", etc)
	bin := filepath.Join(p.dir, "bin")
	for name, script := range map[string]string{
		"bin/postel":    fmt.Sprintf("exec %s \"$@\" -c %s", path, p.config),
		"bin/promtool":  testbed.PromtoolCommand(t) + ` "$@"`,
		"bin/systemctl": "true",
		"bin/curl":      "exec " + curl + ` --fail-with-body -sS "$@"`,
	} {
		place(t, filepath.Join(p.dir, name), "#!/bin/sh\n"+script+"\n")
		if err := os.Chmod(filepath.Join(p.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	place(t, filepath.Join(p.dir, "contrib/prometheus/scrape.yml"), scrape)
	place(t, filepath.Join(p.dir, "contrib/prometheus/postel.rules.yml"), read(t, "contrib/prometheus/postel.rules.yml"))

	sh := exec.Command("sh", "-eux")
	sh.Dir, sh.Stdin = p.dir, strings.NewReader(strings.Join(fenced(guide, "sh"), ""))
	sh.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"HTTP/1.1 200 OK", fenced(guide, "text")[0], "SUCCESS: 15 rules found", `postel_ready{check="store"} 1`} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
	prometheus := testbed.StartPrometheus(t, config)
	p.wait("a scrape", func() error {
		all, err := prometheus.Query(`up{job="postel"} == 1`)
		if err == nil && len(all) != 1 {
			err = fmt.Errorf("there are %v", all)
		}
		return err
	})
}
