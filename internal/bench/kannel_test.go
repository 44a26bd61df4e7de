//go:build bench

package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

var (
	binary = flag.String("postel", "../../bin/postel", "the postel that is measured")
	rounds = flag.Int("rounds", 3, "how often each is measured")
	texts  = flag.Int("texts", 6000, "texts for 10 sessions and more; a quarter of them for one")
)

// gateway is one of those that are compared, in front of a network that answers
// at once.
type gateway struct {
	name    string
	network *testbed.Network
	pids    []int
	load    func(sessions, texts int, name string) error
	settled func(all int) error // waits until nothing is left to do
}

// cpu is what its processes have used so far.
func (g gateway) cpu() (all time.Duration) {
	for _, pid := range g.pids {
		used, _ := usage(pid)
		all += used
	}
	return all
}

// The comparison with Kannel: texts come in by mail, or by HTTP, and leave by
// HTTP, to the same network in this process. Both are measured in turns, each
// time from the beginning. A text counts when the network has it. Postel has by
// then written it to the disk (fsync) before it took responsibility; Kannel never
// does.
func TestBenchKannel(t *testing.T) {
	sessions := []int{1, 10, 50}
	rates, costs := map[string][]float64{}, map[string][]float64{}
	fmt.Printf("%-8s %8s %8s %12s %16s\n", "", "sessions", "texts", "messages/s", "CPU µs/message")
	for range *rounds {
		for _, n := range sessions {
			for _, start := range []func(testing.TB) gateway{startPostel, startKannel} {
				t.Run("", func(t *testing.T) {
					g := start(t)
					rate, cost := compare(t, g, n)
					key := fmt.Sprint(g.name, n)
					rates[key], costs[key] = append(rates[key], rate), append(costs[key], cost)
				})
			}
		}
	}
	if t.Failed() {
		return
	}
	for _, n := range sessions {
		ours, theirs := fmt.Sprint("Postel", n), fmt.Sprint("Kannel", n)
		fmt.Printf("Postel to Kannel, %2d sessions: messages/s %s; CPU %s\n", n,
			ratios(rates[ours], rates[theirs]), ratios(costs[ours], costs[theirs]))
	}
}

// ratios of pairs of values.
func ratios(a, b []float64) string {
	var all []float64
	for i := range a {
		all = append(all, a[i]/b[i])
	}
	slices.Sort(all)
	return fmt.Sprintf("minimum %.2f, median %.2f, maximum %.2f", all[0], all[len(all)/2], all[len(all)-1])
}

// compare loads a gateway and prints a line.
func compare(t *testing.T, g gateway, sessions int) (rate, cost float64) {
	const warm = 200
	number := *texts
	if sessions == 1 {
		number /= 4
	}
	check := func(err error) {
		if err != nil {
			t.Fatal(g.name, ": ", err)
		}
	}
	check(g.load(4, warm, "warm"))
	check(g.settled(warm))
	cpu, began := g.cpu(), time.Now()
	check(g.load(sessions, number, "load"))
	g.network.WaitParts(warm + number)
	rate = float64(number) / time.Since(began).Seconds()
	check(g.settled(warm + number))
	cost = float64((g.cpu() - cpu).Microseconds()) / float64(number)
	fmt.Printf("%-8s %8d %8d %12.0f %16.0f\n", g.name, sessions, number, rate, cost)
	return rate, cost
}

// withHTTP is the configuration of the benchmark with an HTTP gateway in place of
// the simulated one.
func withHTTP(dir string) string {
	out := fmt.Sprintf(config, dir, "warn")
	return out[:strings.Index(out, "[gateway.sim]")] +
		fmt.Sprintf("[gateway.http]\nprovider = \"generic-url\"\nsecrets_file = \"%s/secrets\"\n", dir)
}

func startPostel(t testing.TB) gateway {
	g := gateway{name: "Postel", network: testbed.NewNetwork(t)}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil { // a state directory
		t.Fatal(err)
	}
	secret := "url=" + g.network.URL + "?from=%sender%&to=%number%&text=%data%&coding=0\n"
	file, socket := filepath.Join(dir, "postel.toml"), filepath.Join(dir, "lmtp")
	text := strings.Replace(withHTTP(dir), "type = \"sim\"", "type = \"http\"", 1)
	for name, content := range map[string]string{file: text, filepath.Join(dir, "secrets"): secret} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(*binary, "serve", "-c", file)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if b, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("postel says\n%s", b[:min(len(b), 4000)])
		}
		log.Close()
	})
	g.pids = []int{cmd.Process.Pid}
	g.load = func(sessions, texts int, name string) error { return load(socket, sessions, texts, name) }
	g.settled = func(all int) error {
		store, err := sqlite.Open(filepath.Join(dir, "postel.db"), sqlite.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		defer store.Close()
		return settled(store, all)
	}
	return g
}

func startKannel(t testing.TB) gateway {
	k := testbed.NewHost(t).StartKannel(testbed.KannelOptions{
		Lines: "group = sendsms-user\nusername = bench\npassword = bench\n", Pending: 50, Quiet: true,
	})
	return gateway{
		name: "Kannel", network: k.Network, pids: k.PIDs(),
		load:    func(sessions, texts int, name string) error { return request(k.URL, sessions, texts, name) },
		settled: func(int) error { k.WaitEmpty(); return nil },
	}
}

// request hands texts to Kannel over so many connections, with a client that costs
// little.
func request(base string, sessions, texts int, name string) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make([]error, sessions)
	for i := range sessions {
		all.Go(func() {
			share := texts / sessions
			if i < texts%sessions {
				share++
			}
			errs[i] = requests(u.Host, share, fmt.Sprintf("%s.%d", name, i))
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// requests makes requests one after the other on a connection.
func requests(host string, texts int, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for n := range texts {
		text := url.QueryEscape(fmt.Sprintf("cellar: The pump in cellar 3 has stopped; the water stands at 41 cm. Call me. %s.%d", name, n))
		if _, err := fmt.Fprintf(conn, "GET /cgi-bin/sendsms?username=bench&password=bench&from=%%2B15555550100&to=%%2B1555%07d&charset=UTF-8&coding=0&text=%s HTTP/1.1\r\nHost: %s\r\n\r\n", n, text, host); err != nil {
			return err
		}
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		said, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusAccepted {
			return fmt.Errorf("Kannel says %s %s %w", answer.Status, said, err)
		}
	}
	return nil
}
