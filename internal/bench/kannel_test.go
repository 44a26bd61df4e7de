//go:build bench

package main

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	binary = flag.String("postel", "../../bin/postel", "the postel that is measured")
	rounds = flag.Int("rounds", 3, "how often each is measured")
	texts  = flag.Int("texts", 6000, "texts for 10 sessions and more; a quarter of them for one")
	only   = flag.String("only", "Postel,Kannel,mail", "who is measured")
	with   = flag.String("sessions", "1,10,50", "how many sessions at a time")
)

// The comparison with Kannel, with the power to fail at any time on our side.
//
//	Postel   GET /sms/ with a password   → durable (fsync) → 200 → GET to the network
//	Kannel   GET /cgi-bin/sendsms, too   → its store file  → 202 → GET to the network
//	mail     the same Postel, with a mail of 2 kB over LMTP in place of the request
//
// Who sends to them is the same for both interfaces (requests): so many
// connections, each kept for all its requests, each with one request at a time.
// So is the network, which answers at once. They are measured in turns, each time
// from the beginning, on the same machine as who sends and the network. A text
// counts when the network has it. Postel has by then synced it to the disk, before
// it took responsibility and again before it sent; Kannel never does.
func TestBenchKannel(t *testing.T) {
	var sessions []int
	for _, s := range strings.Split(*with, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, n)
	}
	starts := []func(testing.TB) gateway{startPostel, startKannel, startMail}
	rates, costs := map[string][]float64{}, map[string][]float64{}
	fmt.Printf("%-8s %8s %8s %12s %16s\n", "", "sessions", "texts", "messages/s", "CPU µs/message")
	for range *rounds {
		for _, n := range sessions {
			for i, who := range []string{"Postel", "Kannel", "mail"} {
				if !slices.Contains(strings.Split(*only, ","), who) {
					continue
				}
				t.Run("", func(t *testing.T) {
					rate, cost := compare(t, who, starts[i](t), n)
					key := fmt.Sprint(who, n)
					rates[key], costs[key] = append(rates[key], rate), append(costs[key], cost)
				})
			}
		}
	}
	if t.Failed() {
		return
	}
	for _, who := range []string{"Postel", "mail"} {
		for _, n := range sessions {
			ours, theirs := fmt.Sprint(who, n), fmt.Sprint("Kannel", n)
			if len(rates[ours]) == 0 || len(rates[theirs]) == 0 {
				continue
			}
			fmt.Printf("%s to Kannel, %2d sessions: messages/s %s; CPU %s\n", who, n,
				ratios(rates[ours], rates[theirs]), ratios(costs[ours], costs[theirs]))
		}
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
func compare(t *testing.T, who string, g gateway, sessions int) (rate, cost float64) {
	const warm = 200
	number := *texts
	if sessions == 1 {
		number /= 4
	}
	check := func(err error) {
		if err != nil {
			t.Fatal(who, ": ", err)
		}
	}
	check(g.load(4, warm, "warm"))
	check(g.settled(warm))
	cpu, began := g.cpu(), time.Now()
	check(g.load(sessions, number, "load"))
	check(g.sink.await(warm + number))
	rate = float64(number) / time.Since(began).Seconds()
	check(g.settled(warm + number))
	cost = float64((g.cpu() - cpu).Microseconds()) / float64(number)
	fmt.Printf("%-8s %8d %8d %12.0f %16.0f\n", who, sessions, number, rate, cost)
	return rate, cost
}
