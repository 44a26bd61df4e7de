package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// gatewayLine is a gateway for programs.
type gatewayLine struct {
	ID string `json:"id"`
	smsengine.GatewayState
}

// fact is a line about a gateway that its configuration knows.
type fact struct{ name, value string }

// printGateway tells how a gateway of the running service is.
func printGateway(t *terminal, id string, s smsengine.GatewayState, facts ...fact) {
	ready := "ready"
	if !s.Ready {
		ready = "NOT READY"
	}
	t.printf("%s  %s  %s\n", id, ready, clean(s.Text))
	for _, a := range s.Alarms {
		t.printf("  alarm %s, since %s: %s\n", a.Name, a.Since.Local().Format(clock), clean(a.Text))
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, f := range facts {
		fmt.Fprintf(w, "  %s\t%s\n", f.name, clean(f.value))
	}
	for _, r := range s.Readings {
		name, value := r.Name, r.Text
		if r.Of != "" {
			name += " " + r.Of
		}
		if value == "" {
			value = fmt.Sprint(r.Value)
		}
		fmt.Fprintf(w, "  %s\t%s\n", clean(name), clean(value))
	}
	tr := s.Traffic
	fmt.Fprintf(w, "  since the start\tsent %d, deferred %d, refused %d, unsure %d, received %d, receipts %d\n",
		tr.Sent, tr.Deferred, tr.Refused, tr.Unsure, tr.Received, tr.Receipts)
	if mean := tr.Latency.Mean(); mean > 0 {
		fmt.Fprintf(w, "  a send takes\t%s\n", mean.Round(time.Millisecond))
	}
	_ = w.Flush()
}
