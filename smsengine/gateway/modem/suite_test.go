package modem_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

const ours = "+15555550100"

// quick are the times of a modem that answers at once.
func quick() modem.Options {
	return modem.Options{
		AT: at.Options{
			Wait: 2 * time.Second, Send: 5 * time.Second, Prompt: time.Second, Probe: 300 * time.Millisecond,
			Settle: 10 * time.Millisecond, WithoutOK: 30 * time.Millisecond,
		},
		Rests: modem.Rests{
			AfterPIN: time.Millisecond, AfterClose: time.Millisecond, Reopen: 10 * time.Millisecond, Most: 50 * time.Millisecond,
			Boot: 2 * time.Second, Network: time.Minute, Missing: time.Minute,
		},
	}
}

// patient is a configuration in which nothing but the inbox itself makes a modem be looked through.
func patient(m *emulator.Modem) modem.Config {
	c := modem.Default()
	c.Device, c.Poll, c.FailedSends = m.Path(), modem.Duration(time.Minute), 1000
	return c
}

// start makes a gateway over an emulated modem, and waits until it is ready.
func start(t *testing.T, c modem.Config, o modem.Options) *modem.Gateway {
	t.Helper()
	if o.Pins == "" {
		o.Pins = filepath.Join(t.TempDir(), "pins")
	}
	if o.Log == nil && testing.Verbose() {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	g, err := modem.New("modem", ours, c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	g.Open()
	ready(t, g)
	return g
}

func ready(t *testing.T, g *modem.Gateway) {
	t.Helper()
	select {
	case <-g.Ready():
	case <-time.After(20 * time.Second):
		h, _ := g.Check(t.Context())
		t.Fatalf("the modem does not become ready: %+v", h)
	}
}

// TestDriver runs the suite over the models that differ most: in where they store, what they tell by mouth, and what
// they say of it.
func TestDriver(t *testing.T) {
	for _, p := range []emulator.Personality{emulator.SIM800, emulator.E220, emulator.ES75, emulator.EC25, emulator.MTCBA} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			gatewaytest.Run(t, func(t *testing.T) gatewaytest.Fixture { return fixture(t, p) })
		})
	}
}

const nobodyThere = "+15555550000"

func fixture(t *testing.T, p emulator.Personality) gatewaytest.Fixture {
	m := emulator.Start(t, p, emulator.Options{})
	m.Fate(nobodyThere, emulator.Fate{Status: []byte{0x22, 0x46}})
	return gatewaytest.Fixture{
		Gateway: start(t, patient(m), quick()), ID: "modem", Number: ours,
		Arrived: func(ctx context.Context, number string, n int) []smsengine.Part { return arrived(ctx, m, number, n) },
		Fail: func(n int, class smsengine.Class) {
			code := map[smsengine.Class]int{smsengine.Temporary: 38, smsengine.Permanent: 1, smsengine.Uncertain: 500}[class]
			m.Fail("submit", emulator.CMS(code).Times(n))
		},
		Post: poster(m), Receipts: true, Undeliverable: nobodyThere,
	}
}

// poster sends texts from phones. Each has a second of its own, as from a real phone: the network's time stamp is
// what tells two equal texts apart.
func poster(m *emulator.Modem) func(from, text string) {
	var seconds atomic.Int64
	begin := time.Now().Add(-24 * time.Hour)
	return func(from, text string) {
		m.Deliver(emulator.Incoming{From: from, Text: text, At: begin.Add(time.Duration(seconds.Add(1)) * time.Second)})
	}
}

// arrived gives what a phone has once it has n parts.
func arrived(ctx context.Context, m *emulator.Modem, number string, n int) []smsengine.Part {
	for {
		var parts []smsengine.Part
		for _, p := range m.Sent() {
			if p.Number != number {
				continue
			}
			part := smsengine.Part{Text: p.Text, Data: p.Data}
			if len(p.UDH) > 0 {
				part.UDH = append([]byte{byte(len(p.UDH))}, p.UDH...)
			}
			parts = append(parts, part)
		}
		if len(parts) >= n || ctx.Err() != nil {
			return parts
		}
		time.Sleep(time.Millisecond)
	}
}
