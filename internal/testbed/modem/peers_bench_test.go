//go:build bench

package modem_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/transport/control"
)

// How many texts each sender gets in a round, how many clients hand ours in at a time,
// and how many rounds there are. The
// peers are slow: fewer texts tell as much.
const (
	rounds     = 3
	ourTexts   = 400
	theirTexts = 10
	ourClients = 10
)

// sender is a program that sends texts through a modem.
type sender struct {
	name  string
	texts int
	start func(t *testing.T, m *modem.Modem) (d *daemon, send func(n int))
}

// The comparison with smstools and gammu-smsd: a round of each after the other, in
// one run, over an emulated modem that answers at once. What is compared is from
// the text's acceptance (a durable one, Postel's) to the air.
func TestBenchPeers(t *testing.T) {
	senders := []sender{
		{"Postel", ourTexts, startPostel},
		{"smstools", theirTexts, startSmstools},
		{"gammu-smsd", theirTexts, startGammu},
	}
	rates := map[string][]float64{}
	fmt.Printf("%-12s %6s %12s %14s\n", "", "texts", "messages/s", "CPU µs/message")
	for range rounds {
		for _, s := range senders {
			if !t.Run(s.name, func(t *testing.T) {
				m := modem.Start(t, modem.EC25, modem.Options{Quiet: true})
				d, send := s.start(t, m)
				send(1) // the way is free
				m.WaitSent(1)
				cpu, began := d.cpu(), time.Now()
				send(s.texts)
				for len(m.Sent()) < 1+s.texts { // WaitSent looks less often
					time.Sleep(time.Millisecond)
					if time.Since(began) > 2*time.Minute {
						t.Fatalf("%d of %d texts were sent", len(m.Sent())-1, s.texts)
					}
				}
				rate := float64(s.texts) / time.Since(began).Seconds()
				rates[s.name] = append(rates[s.name], rate)
				fmt.Printf("%-12s %6d %12.1f %14d\n", s.name, s.texts, rate, (d.cpu()-cpu).Microseconds()/int64(s.texts))
			}) {
				return
			}
		}
	}
	for _, s := range senders[1:] {
		var ratios []float64
		for i, r := range rates[s.name] {
			ratios = append(ratios, rates["Postel"][i]/r)
		}
		slices.Sort(ratios)
		fmt.Printf("Postel to %-12s minimum %.0f, median %.0f, maximum %.0f times\n", s.name, ratios[0], ratios[len(ratios)/2], ratios[len(ratios)-1])
	}
}

// cpu is what all processes of the daemon's group have used.
func (d *daemon) cpu() (used time.Duration) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if f[2] != fmt.Sprint(d.group) {
			continue
		}
		for _, field := range f[11:13] { // utime and stime, in ticks of 10 ms
			var ticks int64
			_, _ = fmt.Sscan(field, &ticks)
			used += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return used
}

func startPostel(t *testing.T, m *modem.Modem) (*daemon, func(int)) {
	d := newDaemon(t)
	if err := os.Mkdir(d.path("state"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.write("postel.toml", fmt.Sprintf(`state = "%[1]s/state"
[log]
level = "warn"
[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org"]
send = true
rate = "none"
daily_ceiling = 0
[mail]
to = "maildir:%[1]s/mail"
[[gateway]]
id = "modem"
type = "modem"
number = "+15555550100"
default_recipient = "office@example.org"
[gateway.modem]
device = %[2]q
`, d.dir, m.Path()))
	binary, err := filepath.Abs("../../../bin/postel")
	if err != nil {
		t.Fatal(err)
	}
	d.start([]string{binary, "serve", "-c", d.path("postel.toml")})
	c := control.NewClient(d.path("state/control.sock"))
	t.Cleanup(c.Close)
	m.Wait("postel", func() bool {
		st, err := c.Status(t.Context())
		return err == nil && st.Gateways["modem"].Ready
	})
	var sent atomic.Int64
	return d, func(n int) {
		var clients sync.WaitGroup
		for range min(n, ourClients) {
			clients.Go(func() {
				for range max(1, n/ourClients) {
					i := sent.Add(1)
					to := fmt.Sprintf("+1555555%04d", i)
					rs, err := c.Send(t.Context(), control.SendRequest{From: "john@example.org", To: []string{to}, Text: fmt.Sprint("The pump has stopped ", i)})
					if err != nil || rs[0].Refused != nil {
						t.Errorf("%v %+v", err, rs)
					}
				}
			})
		}
		clients.Wait()
	}
}

func startSmstools(t *testing.T, m *modem.Modem) (*daemon, func(int)) {
	d := newSmsd(t, m, "AT+CNMI=2,1,0,1,0", modem.EC25, 0)
	sent := 0
	return d, func(n int) {
		for range n {
			sent++
			d.write(fmt.Sprintf("outgoing/t%04d", sent), fmt.Sprintf("To: 1555555%04d\n\nThe pump has stopped %d\n", sent, sent))
		}
	}
}

func startGammu(t *testing.T, m *modem.Modem) (*daemon, func(int)) {
	d := newGammu(t, m)
	sent := 0
	return d, func(n int) {
		for range n {
			sent++
			d.write(fmt.Sprintf("outbox/OUTC20261123_120000_%02d_+1555555%04d_sms0.txt", sent, sent), fmt.Sprint("The pump has stopped ", sent))
		}
	}
}
