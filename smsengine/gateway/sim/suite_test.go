package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
	"github.com/postel-mail/postel/smsengine/gateway/sim"
)

const ours = "+15555550100"

// TestDriver runs the suite over a network without troubles, and over one that
// is late, repeats, and mixes the order.
func TestDriver(t *testing.T) {
	calm := sim.Default()
	calm.ReceiptDelay = 0
	calm.Fail = []sim.Trouble{{Number: "*000", Kind: sim.Undelivered, Share: 1}}

	rough := calm
	rough.Delay, rough.Jitter = sim.Duration(time.Millisecond), sim.Duration(2*time.Millisecond)
	rough.EarlyReceipts, rough.Duplicates, rough.Reorder = 0.5, 0.3, 0.5

	for name, c := range map[string]sim.Config{"calm": calm, "rough": rough} {
		t.Run(name, func(t *testing.T) {
			gatewaytest.Run(t, func(t *testing.T) gatewaytest.Fixture {
				n := sim.NewNetwork()
				return fixture(t, n, connect(t, n, c), c)
			})
		})
	}
}

func connect(t *testing.T, n *sim.Network, c sim.Config) *sim.Gateway {
	t.Helper()
	g, err := sim.New("sim", ours, c, n)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func fixture(t *testing.T, n *sim.Network, g *sim.Gateway, c sim.Config) gatewaytest.Fixture {
	return gatewaytest.Fixture{
		Gateway: g, ID: "sim", Number: ours,
		Arrived: func(ctx context.Context, number string, want int) []smsengine.Part {
			for in := n.Inbox(number); ; {
				parts := partsOf(in)
				if len(parts) >= want || ctx.Err() != nil {
					return parts
				}
				in, _ = n.Wait(ctx, number, in.Total+1)
			}
		},
		Fail: g.FailNext,
		Post: func(from, text string) {
			if _, err := n.Post(from, ours, text); err != nil {
				t.Error(err)
			}
		},
		Receipts: c.Receipts, Undeliverable: "+15555550000", Repeats: c.Duplicates > 0,
	}
}

func partsOf(in sim.Inbox) []smsengine.Part {
	var parts []smsengine.Part
	for _, text := range in.Texts {
		for _, p := range text.Parts {
			parts = append(parts, smsengine.Part{Text: p.Text, Data: p.Data, UDH: p.UDH})
		}
	}
	return parts
}
